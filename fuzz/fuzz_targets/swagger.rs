//! The reader of Swagger 2.0: any text is refused with its faults, or makes a pack that holds it.
//!
//! Input: the text, in YAML or JSON; what names no format is taken for Swagger 2.0.
#![no_main]

use contajners_fuzz::specs::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check(data);
    if data.starts_with(b"paths:") {
        check(&[b"swagger: '2.0'\n", data].concat());
    }
});
