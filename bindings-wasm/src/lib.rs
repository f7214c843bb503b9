//! The core of contajners for JavaScript.
//!
//! Only conversion is here: values of JavaScript become core's [`Value`](contajners_core::Value)s,
//! and what core answers becomes strings, arrays and small handles. The JavaScript beside this
//! crate (`js/`) moves bytes with `fetch` and makes errors and iterators of what it is told; what a
//! call means, which version is spoken and what an answer is are decided by core alone.
//!
//! JSON stays with JavaScript, whose own is faster and costs nothing: bodies cross as text, and
//! answers do not cross at all.
//!
//! An error crosses as JSON text, with its kind, code, text and hint.

// Without the standard library a panic is a trap and no more, and none of the code that would put
// it into words is in the page.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![allow(clippy::needless_pass_by_value, reason = "what comes from JavaScript is owned")]

pub mod catalog;
mod doc;
mod error;
mod host;
mod json;
pub mod negotiate;
pub mod request;
pub mod streams;
mod value;

extern crate alloc;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
