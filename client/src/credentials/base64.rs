//! Base64 as the files have it (RFC 4648, section 4).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The padding may be missing, and bits over at the end may be anything, as some tools write it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes text; `None` where it is no base64. Line breaks count for nothing, as in Go's
/// decoder.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !b"\r\n".contains(byte)).collect();
    LENIENT.decode(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_is_base64() {
        let check = |text, expected: Option<&[u8]>| {
            assert_eq!(decode(text).as_deref(), expected, "{text}");
        };
        check("", Some(b""));
        check("Zg==", Some(b"f"));
        check("Zm8=", Some(b"fo"));
        check("Zm9v", Some(b"foo"));
        check("Zm9\nv\r\n", Some(b"foo"));
        check("Zm8", Some(b"fo"));
        check("+/8=", Some(&[0xfb, 0xff]));
        for wrong in ["Z", "Zm9vY", "Zg===", "Zg=a", "Z g==", "-_8=", "é"] {
            check(wrong, None);
        }
    }
}
