//! The reader of OpenAPI 3: any text is refused with its faults, or makes a pack that holds it.
//!
//! Input: the text, in YAML or JSON; what names no format is taken for OpenAPI 3.0 and 3.1.
#![no_main]

use contajners_fuzz::specs::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check(data);
    if data.starts_with(b"paths:") {
        check(&[b"openapi: 3.0.0\n", data].concat());
        check(&[b"openapi: 3.1.0\n", data].concat());
    }
});
