//! Percent-encoding and base64url: how values are written into requests.

use alloc::string::String;

/// Appends what a vendor wrote of a path, encoding only what no request line can hold.
pub(crate) fn path_literal(text: &str, out: &mut String) {
    percent_encode(text, |byte| byte.is_ascii_graphic() && byte != b'#', out);
}

/// Appends a value as exactly one path segment: `/`, `?`, `#`, `%` and the like are encoded.
///
/// What stays beside letters and digits is enough to keep `busybox:musl` and `sha256:…` readable
/// (RFC 3986, `pchar`).
pub(crate) fn path_segment(value: &str, out: &mut String) {
    percent_encode(value, |byte| byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte), out);
}

/// Appends a key or a value of a query or a URL-encoded form (RFC 3986, `query`, less `?` and what
/// separates keys and values).
pub(crate) fn query_part(value: &str, out: &mut String) {
    percent_encode(value, |byte| byte.is_ascii_alphanumeric() || b"-._~:@/,".contains(&byte), out);
}

/// Bytes that may stay are ASCII.
fn percent_encode(value: &str, may_stay: fn(u8) -> bool, out: &mut String) {
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| !may_stay(byte)) {
        // What may not stay is ASCII or begins a character: a boundary either way.
        let (clean, unsafe_rest) = rest.split_at(at);
        out.push_str(clean);
        let width = unsafe_rest.chars().next().map_or(1, char::len_utf8);
        let (encode, after) = unsafe_rest.split_at(width);
        for byte in encode.bytes() {
            out.push('%');
            out.push(hex(byte >> 4));
            out.push(hex(byte & 15));
        }
        rest = after;
    }
    out.push_str(rest);
}

fn hex(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit & 15)])
}

/// Appends bytes in base64url with padding (RFC 4648, section 5), as engines expect it in
/// `X-Registry-Auth`; the standard alphabet fails there as soon as `+` or `/` turns up.
pub(crate) fn base64url(bytes: &[u8], out: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let digit = (bits >> (18 - 6 * i) & 63) as usize;
            out.push(if i <= chunk.len() { char::from(ALPHABET[digit]) } else { '=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: fn(&str, &mut String), value: &str) -> String {
        let mut out = String::new();
        write(value, &mut out);
        out
    }

    #[test]
    fn nothing_breaks_out_of_a_segment() {
        let check = |value, expected| assert_eq!(written(path_segment, value), expected);
        check("library/busybox:musl", "library%2Fbusybox:musl");
        check("a?b#c%2F d", "a%3Fb%23c%252F%20d");
        check("é\u{1F600}\0", "%C3%A9%F0%9F%98%80%00");
        check("", "");
    }

    #[test]
    fn a_literal_keeps_what_it_means() {
        let check = |value, expected| assert_eq!(written(path_literal, value), expected);
        check("/1.0/list?recursion=1&x", "/1.0/list?recursion=1&x");
        check("/a b/%20/é", "/a%20b/%20/%C3%A9");
        check("/a\r\n#", "/a%0D%0A%23");
    }

    #[test]
    fn nothing_breaks_out_of_a_query_value() {
        let check = |value, expected| assert_eq!(written(query_part, value), expected);
        check("a=b&c+d;e", "a%3Db%26c%2Bd%3Be");
        check(r#"{"label":["a/b"]}"#, "%7B%22label%22:%5B%22a/b%22%5D%7D");
    }

    #[test]
    fn base64url_is_padded_and_safe_in_urls() {
        let check = |bytes: &[u8], expected: &str| {
            let mut out = String::new();
            base64url(bytes, &mut out);
            assert_eq!(out, expected);
        };
        check(b"", "");
        check(b"f", "Zg==");
        check(b"fo", "Zm8=");
        check(b"foo", "Zm9v");
        check(&[0xfb, 0xff, 0xfe], "-__-");
    }
}
