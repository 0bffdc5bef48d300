//! What is generated for a client that posts its calls to a page.

use crate::expand::{constants, failure, words};
use crate::interface::{Interface, Method};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ItemTrait;
use syn::spanned::Spanned;

/// The page, what one has of it while it is open, and what posts the methods.
pub fn client(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let page = page(item, interface);
    let posts = posts(item);
    let post = post(item, interface);
    let adaptive = adaptive(item, interface);
    let sequential = sequential(item, interface);
    let asynchronous = asynchronous(item, interface);
    let called = called(item, interface);
    quote!(#page #called #posts #post #adaptive #sequential #asynchronous)
}

fn page(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let (page, client, posts) =
        (format_ident!("{name}Page"), format_ident!("{name}Client"), format_ident!("{name}Posts"));
    let adaptive = format_ident!("{name}Adaptive");
    let constants = constants(interface);
    let documentation = format!("Posts calls to the [`{name}`] that the graph names. Made by `runtime::import_page!`.");
    quote! {
        #[doc = #documentation]
        #[repr(C)]
        #visibility struct #page {
            direct: #client,
            page: ::runtime::page::PageImport,
        }

        impl #page {
            #constants
            /// Offset of what the composer binds for the page.
            #[doc(hidden)]
            pub const PAGE: usize = ::core::mem::offset_of!(#page, page);

            /// A page that the composer has not bound yet.
            ///
            /// # Safety
            ///
            /// As for `runtime::ImportSlot::unbound`.
            #[doc(hidden)]
            #[doc(hidden)]
            #visibility const unsafe fn unbound(
                runner: ::core::option::Option<&'static ::runtime::page::Runner>,
            ) -> Self {
                // SAFETY: the caller's promise is the condition of both.
                unsafe { Self { direct: #client::unbound(), page: ::runtime::page::PageImport::unbound(runner) } }
            }

            /// What a thread does that has the page served on another core.
            ///
            /// # Errors
            ///
            /// The scheduler's.
            #[doc(hidden)]
            #visibility fn run(&self) -> ::runtime::Result<()> {
                self.page.run()
            }

            /// Takes the client's end of the page, until it is dropped.
            ///
            /// # Errors
            ///
            /// `runtime::page::PageError::Open` if somebody has it.
            #visibility fn open(&self) -> ::runtime::Result<#posts<'_>> {
                self.page.open().map(#posts)
            }

            /// The same, for calls that go by the page if that is worth it.
            ///
            /// # Errors
            ///
            /// As for `open`.
            #visibility fn adaptive(&self) -> ::runtime::Result<#adaptive<'_>> {
                let posts = self.page.open()?;
                Ok(#adaptive { page: ::runtime::page::Adaptive::new(posts), direct: &self.direct })
            }

            /// The same server, by direct calls.
            #[inline]
            #visibility fn direct(&self) -> &#client {
                &self.direct
            }
        }
    }
}

/// The interface's methods of the page itself, called directly: the code of who declares a page reads as that of who does not.
fn called(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let name = &item.ident;
    let page = format_ident!("{name}Page");
    let methods = interface.methods.iter().map(|method| {
        let (signature, called) = (&method.signature, &method.signature.ident);
        let arguments = method.parameters.iter().map(|(name, _)| name);
        quote! {
            #[inline]
            #signature {
                #name::#called(&self.direct, #(#arguments),*)
            }
        }
    });
    quote! {
        impl #name for #page {
            #(#methods)*
        }
    }
}

fn posts(item: &ItemTrait) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let (posts, post) = (format_ident!("{name}Posts"), format_ident!("{name}Post"));
    let (sequential, asynchronous) = (format_ident!("{name}Sequential"), format_ident!("{name}Asynchronous"));
    let documentation = format!("The client's end of a page of [`{name}`], for one thread.");
    quote! {
        #[doc = #documentation]
        #visibility struct #posts<'p>(::runtime::page::Posts<'p>);

        impl<'p> #posts<'p> {
            /// Posts the method that is called on what this returns.
            #[inline]
            #visibility fn post(&'p self) -> #post<'p> {
                #post(&self.0)
            }

            /// The page as user threads use it: each that calls a method waits for its result, and the others run.
            #visibility fn sequential<S: ::runtime::page::Scheduler>(
                page: &'p ::runtime::user::OnPage<'p, S>,
                threads: &'p ::runtime::user::Threads,
            ) -> #sequential<'p, S> {
                #sequential { page, threads }
            }

            /// The page as tasks use it: each method is a future.
            #visibility const fn asynchronous<S: ::runtime::page::Scheduler>(
                page: &'p ::runtime::future::OnPage<'p, S>,
            ) -> #asynchronous<'p, S> {
                #asynchronous(page)
            }
        }

        impl<'p> ::core::ops::Deref for #posts<'p> {
            type Target = ::runtime::page::Posts<'p>;

            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    }
}

fn post(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let post = format_ident!("{name}Post");
    let documentation = format!("The methods of [`{name}`], each posted instead of called.");
    let methods = interface.methods.iter().enumerate().map(|(number, method)| post_method(item, number, method));
    quote! {
        #[doc = #documentation]
        #[derive(Clone, Copy)]
        #visibility struct #post<'p>(&'p ::runtime::page::Posts<'p>);

        impl<'p> #post<'p> {
            #(#methods)*
        }
    }
}

fn post_method(item: &ItemTrait, number: usize, method: &Method) -> TokenStream {
    let (number, visibility, answer) = (number as u16, &item.vis, &method.answer);
    let name = &method.signature.ident;
    let parameters = method.parameters.iter().map(|(name, kind)| quote!(#name: #kind));
    let failure = failure(method);
    let words = words(method);
    let documentation = format!("Posts [`{}::{name}`].", item.ident);
    let call = quote_spanned!(answer.span()=> ::runtime::page::Posts::post::<#answer, _, _>);
    quote! {
        #[doc = #documentation]
        ///
        /// # Errors
        ///
        /// `runtime::page::PageError::Exhausted`: take results, flush or wait, and post again.
        #[inline]
        #visibility fn #name(self, #(#parameters),*) -> ::core::result::Result<::runtime::page::Ticket<'p, #answer, #failure>, ::runtime::CallError> {
            #call(self.0, #number, #words)
        }
    }
}

fn adaptive(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let (adaptive, call) = (format_ident!("{name}Adaptive"), format_ident!("{name}Call"));
    let client = format_ident!("{name}Client");
    let documentation = format!("The client's end of a page of [`{name}`] that is used if that is worth it.");
    let methods = interface.methods.iter().enumerate().map(|(number, method)| call_method(item, number, method));
    quote! {
        #[doc = #documentation]
        #visibility struct #adaptive<'p> {
            page: ::runtime::page::Adaptive<'p>,
            direct: &'p #client,
        }

        impl<'p> #adaptive<'p> {
            /// Calls the method that is called on what this returns.
            #[inline]
            #visibility fn call(&'p self) -> #call<'p> {
                #call(self)
            }
        }

        impl<'p> ::core::ops::Deref for #adaptive<'p> {
            type Target = ::runtime::page::Adaptive<'p>;

            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.page
            }
        }

        /// The methods, each called directly or posted.
        #[derive(Clone, Copy)]
        #visibility struct #call<'p>(&'p #adaptive<'p>);

        impl<'p> #call<'p> {
            #(#methods)*
        }
    }
}

fn call_method(item: &ItemTrait, number: usize, method: &Method) -> TokenStream {
    let (number, visibility, answer) = (number as u16, &item.vis, &method.answer);
    let (interface, name) = (&item.ident, &method.signature.ident);
    let parameters = method.parameters.iter().map(|(name, kind)| quote!(#name: #kind));
    let arguments = method.parameters.iter().map(|(name, _)| name);
    let failure = failure(method);
    let words = words(method);
    let documentation = format!("Calls [`{interface}::{name}`], directly or by the page.");
    let call = quote_spanned!(answer.span()=> ::runtime::page::Adaptive::call::<#answer, _, _>);
    quote! {
        #[doc = #documentation]
        #[inline]
        #visibility fn #name(self, #(#parameters),*) -> ::runtime::page::Promise<'p, #answer, #failure> {
            #call(&self.0.page, #number, #words, move || #interface::#name(self.0.direct, #(#arguments),*))
        }
    }
}

fn sequential(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let sequential = format_ident!("{name}Sequential");
    let documentation = format!("[`{name}`] for user threads, which wait for each other's calls on a page.");
    let methods = interface.methods.iter().enumerate().map(|(number, method)| sequential_method(number, method));
    quote! {
        #[doc = #documentation]
        #visibility struct #sequential<'p, S> {
            page: &'p ::runtime::user::OnPage<'p, S>,
            threads: &'p ::runtime::user::Threads,
        }

        impl<S: ::runtime::page::Scheduler> #name for #sequential<'_, S> {
            #(#methods)*
        }
    }
}

fn sequential_method(number: usize, method: &Method) -> TokenStream {
    let (signature, answer, number) = (&method.signature, &method.answer, number as u16);
    let words = words(method);
    let call = quote_spanned!(answer.span()=> ::runtime::user::OnPage::call::<#answer, _, _>);
    quote! {
        #signature {
            #call(self.page, self.threads, #number, #words)
        }
    }
}

fn asynchronous(item: &ItemTrait, interface: &Interface) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let asynchronous = format_ident!("{name}Asynchronous");
    let documentation = format!("The methods of [`{name}`], each as a future.");
    let methods =
        interface.methods.iter().enumerate().map(|(number, method)| asynchronous_method(item, number, method));
    quote! {
        #[doc = #documentation]
        #visibility struct #asynchronous<'p, S>(&'p ::runtime::future::OnPage<'p, S>);

        impl<'p, S: ::runtime::page::Scheduler> #asynchronous<'p, S> {
            #(#methods)*
        }
    }
}

fn asynchronous_method(item: &ItemTrait, number: usize, method: &Method) -> TokenStream {
    let (number, visibility, answer) = (number as u16, &item.vis, &method.answer);
    let name = &method.signature.ident;
    let parameters = method.parameters.iter().map(|(name, kind)| quote!(#name: #kind));
    let failure = failure(method);
    let words = words(method);
    let count = method.parameters.len();
    let documentation = format!("[`{}::{name}`]: posted when this is first polled.", item.ident);
    let call = quote_spanned!(answer.span()=> ::runtime::future::Call::<'p, S, #answer, _, _>::new);
    quote! {
        #[doc = #documentation]
        #[inline]
        #visibility fn #name(&self, #(#parameters),*) -> ::runtime::future::Call<'p, S, #answer, #failure, #count> {
            #call(self.0, #number, #words)
        }
    }
}
