//! stub
#![no_std]
#![no_main]
runtime::constructor!(CONSTRUCTOR);
runtime::component! {}
