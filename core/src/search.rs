//! Texts in texts, and texts made of them: the standard library's search is made for long ones, and
//! a page would carry 2 KiB of it.

use alloc::string::String;

/// What stands before and behind the first place of a text in another one.
pub(crate) fn split_once<'t>(text: &'t str, wanted: &str) -> Option<(&'t str, &'t str)> {
    let at = text.as_bytes().windows(wanted.len().max(1)).position(|w| w == wanted.as_bytes())?;
    Some((text.get(..at)?, text.get(at + wanted.len()..)?))
}

/// The text with another one in each place of `wanted`.
pub(crate) fn replaced(text: &str, wanted: &str, by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = split_once(rest, wanted) {
        out.push_str(before);
        out.push_str(by);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Splits a path template at its first placeholder: what is before it, what is in its braces, and
/// what is behind. Braces within belong to the pattern (`{id:[a-z]{2}}`).
pub(crate) fn placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let mut depth = 1;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((before, &rest[..at], &rest[at + 1..]));
        }
    }
    Some((before, rest, ""))
}

/// The texts one behind another. The library's `join` is made for speed, and in a page once for
/// each kind of text, at half a KiB.
#[cfg(feature = "schemas")]
pub(crate) fn joined<S: AsRef<str>>(texts: &[S], between: &str) -> String {
    let mut out = String::new();
    for (i, text) in texts.iter().enumerate() {
        if i > 0 {
            out.push_str(between);
        }
        out.push_str(text.as_ref());
    }
    out
}

/// Names in a message what somebody gave: in backticks, on one line, with U+FFFD for control
/// characters, and of 200 characters at most, then `…`.
///
/// ```
/// assert_eq!(contajners_core::quoted("web\n"), "`web\u{fffd}`");
/// ```
pub fn quoted(text: &str) -> String {
    let mut out = shortened(text, 200);
    out.insert(0, '`');
    out.push('`');
    out
}

/// What a caller or an engine gave, as it is told: on one line, and not the whole of a long text.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let mut out: String =
        text.chars().take(most).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "schemas")]
    fn joins_as_the_standard_library() {
        for texts in [&[][..], &[""], &["a"], &["a", "", "b"]] {
            assert_eq!(joined(texts, ", "), texts.join(", "));
        }
    }

    #[test]
    fn finds_the_first() {
        assert_eq!(split_once("a–b–c", "–"), Some(("a", "b–c")));
        assert_eq!(split_once("aab", "ab"), Some(("a", "")));
        assert_eq!(split_once("ab", "ab"), Some(("", "")));
        assert_eq!(split_once("a", "ab"), None);
        assert_eq!(split_once("a", ""), None);
        assert_eq!(split_once("", ""), None);
    }

    #[test]
    fn braces_in_a_placeholder_belong_to_it() {
        assert_eq!(placeholder("/a/{b}/{c}"), Some(("/a/", "b", "/{c}")));
        assert_eq!(placeholder("/x/{id:[a-z]{2}}/y"), Some(("/x/", "id:[a-z]{2}", "/y")));
        assert_eq!(placeholder("/x/{id:{2}"), Some(("/x/", "id:{2}", "")));
        assert_eq!(placeholder("/x}"), None);
    }

    #[test]
    fn a_text_is_told_on_one_line() {
        assert_eq!(shortened("a\n\u{1b}b", 4), "a\u{fffd}\u{fffd}b");
        assert_eq!(shortened("äöü", 2), "äö…");
    }

    #[test]
    fn replaces_as_the_standard_library() {
        for (text, wanted, by) in [
            ("~01~1", "~1", "/"),
            ("aaaa", "aa", "a"),
            ("", "a", "b"),
            ("xa", "a", ""),
            ("é", "e", "a"),
        ] {
            assert_eq!(replaced(text, wanted, by), text.replace(wanted, by));
        }
    }
}
