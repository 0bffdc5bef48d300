//! What a trait must be like to be an interface, and what is read from it.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, GenericArgument, Generics, Ident, ItemTrait, Meta, Pat, PathArguments, Receiver,
    ReceiverKind, Result, ReturnType, Safety, Signature, TraitItem, TraitItemFn, Type,
};

/// Words that a method can take: the registers for them.
const WORDS: usize = 4;

/// Methods of an interface: the bits of a capability's mask.
const METHODS: usize = 64;

/// An interface, as its trait describes it.
pub struct Interface {
    /// The trait's name.
    pub trait_name: Ident,
    /// The methods, in the order of their numbers.
    pub methods: Vec<Method>,
}

/// A method of an interface.
pub struct Method {
    /// As it stands in the trait.
    pub signature: Signature,
    /// Names and types of its parameters.
    pub parameters: Vec<(Ident, Type)>,
    /// The type that it answers with when it succeeds.
    pub answer: Type,
    /// The whole type that it returns.
    pub returned: Type,
    /// Whether it may wait for something.
    pub may_block: bool,
}

impl Interface {
    /// Reads a trait, or says everything that keeps it from being an interface.
    pub fn read(item: &ItemTrait) -> Result<Self> {
        let mut complaints = Complaints::default();
        complaints.add(no_generics(&item.generics, "an interface"));
        if let Some(colon) = &item.colon_token {
            complaints.add::<()>(refuse(colon, "an interface cannot build on other traits"));
        }
        let methods: Vec<_> = item.items.iter().filter_map(|item| complaints.add(Method::read(item))).collect();
        if let Some(method) = methods.get(METHODS) {
            complaints.add::<()>(refuse(&method.signature.ident, "an interface has at most 64 methods"));
        }
        complaints.finish(Self { trait_name: item.ident.clone(), methods })
    }

    /// The name in the graph: the trait's, in lower case, its words joined by hyphens.
    pub fn name(&self) -> String {
        let mut name = String::new();
        for (at, letter) in self.trait_name.to_string().char_indices() {
            if letter.is_uppercase() && at > 0 {
                name.push('-');
            }
            name.extend(letter.to_lowercase());
        }
        name
    }

    /// Bit n: method n may wait for something.
    pub fn may_block(&self) -> u64 {
        let bits = self.methods.iter().enumerate().map(|(at, method)| u64::from(method.may_block) << at);
        bits.fold(0, |all, bit| all | bit)
    }

    /// What both ends must agree on: a line for each method.
    pub fn schema(&self) -> String {
        self.methods.iter().map(|method| method.schema() + "\n").collect()
    }
}

impl Method {
    fn read(item: &TraitItem) -> Result<Self> {
        let TraitItem::Fn(item) = item else {
            return refuse(item, "an interface has only methods");
        };
        let mut complaints = Complaints::default();
        complaints.add(plain(item));
        complaints.add(takes_self(&item.sig));
        let typed = item.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        });
        let mut parameters = Vec::new();
        for (at, input) in typed.enumerate() {
            if at == WORDS {
                complaints.add::<()>(refuse(input, "a method takes at most four words, one in each register for them"));
            }
            parameters.extend(complaints.add(parameter(&input.pat, &input.ty)));
        }
        let answer = answer(&item.sig);
        complaints.add(answer.clone());
        complaints.finish(())?;
        let may_block = item.attrs.iter().any(is_may_block);
        let (returned, answer) = answer?;
        Ok(Self { signature: item.sig.clone(), parameters, answer, returned, may_block })
    }

    fn schema(&self) -> String {
        let types: Vec<_> = self.parameters.iter().map(|(_, kind)| text(kind)).collect();
        format!("{}({})->{}", self.signature.ident, types.join(","), text(&self.answer))
    }
}

/// Whether an attribute is the interface's own mark of methods that may wait for something.
pub fn is_may_block(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::Path(path) if path.is_ident("may_block"))
}

/// A type's tokens without the spaces between them.
fn text(kind: &Type) -> String {
    kind.to_token_stream().to_string().split_whitespace().collect()
}

fn parameter(pattern: &Pat, kind: &Type) -> Result<(Ident, Type)> {
    if let Some(what) = beyond_a_register(kind) {
        return refuse(kind, format!("{what} cannot cross a component boundary in a register"));
    }
    match pattern {
        Pat::Ident(name) if name.subpat.is_none() => Ok((name.ident.clone(), kind.clone())),
        _ => refuse(pattern, "a parameter of an interface's method has a plain name"),
    }
}

/// What is wrong with a type that no implementation of `Word` could mend.
/// The compiler judges the others, where the generated code uses them.
fn beyond_a_register(kind: &Type) -> Option<&'static str> {
    match kind {
        Type::Reference(_) => Some("a reference"),
        Type::Ptr(_) => Some("a pointer"),
        Type::Slice(_) => Some("a slice"),
        Type::ImplTrait(_) => Some("a type that the caller chooses"),
        _ => None,
    }
}

/// What a method returns, and the answer in it. The compiler judges the error, where the generated code uses it.
fn answer(signature: &Signature) -> Result<(Type, Type)> {
    const NEEDED: &str = "a method of an interface returns `runtime::Result<T>`, or `Result<T, E>`: any call can fail";
    let ReturnType::Type(_, returned) = &signature.output else {
        return refuse(&signature.ident, NEEDED);
    };
    let Type::Path(path) = returned.as_ref() else {
        return refuse(returned, NEEDED);
    };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Result") else {
        return refuse(returned, NEEDED);
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return refuse(returned, NEEDED);
    };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(answer)), 1 | 2) => Ok((returned.as_ref().clone(), answer.clone())),
        _ => refuse(returned, NEEDED),
    }
}

fn takes_self(signature: &Signature) -> Result<()> {
    match signature.inputs.first() {
        Some(FnArg::Receiver(Receiver { kind: ReceiverKind::Reference(_, None, None), .. })) => Ok(()),
        Some(input) => refuse(input, "a method of an interface takes `&self`: its server is shared"),
        None => refuse(&signature.ident, "a method of an interface takes `&self`"),
    }
}

fn plain(item: &TraitItemFn) -> Result<()> {
    let signature = &item.sig;
    let qualifier = [
        signature.constness.map(|token| token.span()),
        signature.asyncness.map(|token| token.span()),
        match &signature.safety {
            Safety::Safe(token) => Some(token.span()),
            Safety::Unsafe(token) => Some(token.span()),
            Safety::Default => None,
        },
        signature.abi.as_ref().map(Spanned::span),
    ];
    if let Some(span) = qualifier.into_iter().flatten().next() {
        return Err(Error::new(span, "a method of an interface is a plain function"));
    }
    if let Some(body) = &item.default {
        return refuse(body, "a method of an interface has no body: each server has its own");
    }
    no_generics(&signature.generics, "a method of an interface")
}

fn no_generics(generics: &Generics, of: &str) -> Result<()> {
    if generics.params.is_empty() && generics.where_clause.is_none() {
        return Ok(());
    }
    refuse(generics, format!("{of} cannot be generic: both ends must be the same for every client"))
}

fn refuse<T>(at: impl ToTokens, message: impl std::fmt::Display) -> Result<T> {
    Err(Error::new_spanned(at, message))
}

/// Collects complaints, so that all are reported at once.
#[derive(Default)]
struct Complaints(Option<Error>);

impl Complaints {
    fn add<T>(&mut self, result: Result<T>) -> Option<T> {
        match (result, &mut self.0) {
            (Ok(value), _) => return Some(value),
            (Err(error), Some(all)) => all.combine(error),
            (Err(error), none) => *none = Some(error),
        }
        None
    }

    fn finish<T>(self, value: T) -> Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}

/// The complaint about an attribute's arguments, of which there are none.
pub fn no_arguments(arguments: &TokenStream) -> Result<()> {
    if arguments.is_empty() {
        return Ok(());
    }
    Err(Error::new(Span::call_site(), "`interface` takes no arguments"))
}
