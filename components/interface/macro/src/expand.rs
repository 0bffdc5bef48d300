//! What is generated beside an interface's trait.

use crate::interface::{Interface, Method, is_may_block, no_arguments};
use crate::page;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemTrait, Result, TraitItem};

/// The trait and what is generated for it, or the trait and what is wrong with it.
pub fn interface(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match expand(&arguments, &item) {
        Ok(tokens) => tokens,
        Err(error) => {
            // With the trait still there, nothing but the mistake is reported.
            let complaint = error.into_compile_error();
            quote!(#item #complaint)
        }
    }
}

fn expand(arguments: &TokenStream, item: &TokenStream) -> Result<TokenStream> {
    no_arguments(arguments)?;
    let item: ItemTrait = syn::parse2(item.clone())?;
    let interface = Interface::read(&item)?;
    let client = client(&item, &interface);
    let page = page::client(&item, &interface);
    let server = server(&item, &interface);
    let item = without_marks(item);
    Ok(quote!(#item #client #page #server))
}

/// The trait without what only this attribute understands.
fn without_marks(mut item: ItemTrait) -> ItemTrait {
    for method in &mut item.items {
        if let TraitItem::Fn(method) = method {
            method.attrs.retain(|attribute| !is_may_block(attribute));
        }
    }
    item
}

/// The type that implements the trait by calling a server.
fn client(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let client = format_ident!("{name}Client");
    let constants = constants(interface);
    let methods = interface.methods.iter().enumerate().map(|(number, method)| client_method(number, method));
    let documentation = format!("Calls the [`{name}`] that the graph names. Made by `runtime::import!`.");
    quote! {
        #[doc = #documentation]
        #[repr(transparent)]
        #visibility struct #client(::runtime::ImportSlot);

        impl #client {
            #constants

            /// A client that the composer has not bound yet.
            ///
            /// # Safety
            ///
            /// As for `runtime::ImportSlot::unbound`.
            #[doc(hidden)]
            #visibility const unsafe fn unbound() -> Self {
                // SAFETY: the caller's promise is the callee's condition.
                Self(unsafe { ::runtime::ImportSlot::unbound() })
            }
        }

        impl #name for #client {
            #(#methods)*
        }
    }
}

fn client_method(number: usize, method: &Method) -> TokenStream {
    let signature = &method.signature;
    let number = number as u16;
    let words = words(method);
    let answer = &method.answer;
    let call = quote_spanned!(answer.span()=> ::runtime::ImportSlot::call::<#answer, _, _>);
    quote! {
        #signature {
            #call(&self.0, #number, #words)
        }
    }
}

/// The words that a method's parameters become.
pub fn words(method: &Method) -> TokenStream {
    let words = parameter_words(method);
    quote!([#(#words),*])
}

fn parameter_words(method: &Method) -> impl Iterator<Item = TokenStream> {
    let word =
        |(name, kind): &(_, syn::Type)| quote_spanned!(kind.span()=> <#kind as ::runtime::Word>::into_word(#name));
    method.parameters.iter().map(word)
}

/// What a method can fail with.
pub fn failure(method: &Method) -> TokenStream {
    let returned = &method.returned;
    quote_spanned!(returned.span()=> <#returned as ::runtime::internal::Returned>::Failure)
}

/// The type by which an image serves an implementation of the trait.
fn server(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let server = format_ident!("{name}Server");
    let (methods, may_block) = (interface.methods.len() as u64, interface.may_block());
    let constants = constants(interface);
    let arms = interface.methods.iter().enumerate().map(|(number, method)| server_arm(name, number, method));
    let documentation = format!("Serves an implementation of [`{name}`]. Named in `runtime::export!`.");
    quote! {
        #[doc = #documentation]
        #visibility struct #server;

        impl #server {
            #constants
            /// How many methods there are.
            pub const METHODS: u64 = #methods;
            /// Bit n: method n may wait for something.
            pub const MAY_BLOCK: u64 = #may_block;

            /// Runs the method that an invocation names.
            #[inline(always)]
            #visibility fn dispatch<Server: #name + ?Sized, Arguments: ::runtime::Arguments>(
                server: &Server,
                invocation: ::runtime::Invocation<Arguments>,
            ) -> ::runtime::Reply {
                match invocation.method {
                    #(#arms)*
                    _ => ::runtime::Reply::UNKNOWN_METHOD,
                }
            }
        }
    }
}

fn server_arm(interface: &syn::Ident, number: usize, method: &Method) -> TokenStream {
    let number = number as u64;
    let name = &method.signature.ident;
    let names: Vec<_> = (0..method.parameters.len()).map(|at| format_ident!("word_{at}")).collect();
    let words = method
        .parameters
        .iter()
        .zip(&names)
        .map(|((_, kind), word)| quote_spanned!(kind.span()=> <#kind as ::runtime::Word>::from_word(#word)));
    let reply = quote_spanned!(method.answer.span()=> ::runtime::Reply::from);
    let read = if names.is_empty() { None } else { Some(quote!(let [#(#names),*] = invocation.words.read();)) };
    quote!(#number => { #read #reply(<Server as #interface>::#name(server, #(#words),*)) })
}

/// What goes into the records of both ends.
pub fn constants(interface: &Interface) -> TokenStream {
    let (name, schema) = (interface.name(), interface.schema());
    quote! {
        /// The interface's name in the graph.
        pub const NAME: &'static str = #name;
        /// What both ends must agree on: a line for each method.
        pub const SCHEMA: &'static str = #schema;
    }
}
