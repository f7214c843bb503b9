//! JSON text, laid out for people or for programs.
//!
//! Works on the text rather than on values read from it: fields keep their order and numbers
//! their digits, whatever their size.

use std::io::{self, Write};

use crate::render::Paint;

/// Indentation grows no more below this, or a few hostile bytes would make endless lines.
const DEEPEST: usize = 100;

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Indented by two spaces a level.
    Pretty,
    /// In one line.
    Compact,
    /// In one line for each item, where it is a list.
    Lines,
}

/// Writes a JSON text in a layout, with a line break at the end. The text must be JSON: what is
/// not comes out as it may.
pub(crate) fn write(
    out: &mut dyn Write,
    text: &str,
    layout: Layout,
    paint: Paint,
) -> io::Result<()> {
    let mut rest = text.trim_start();
    let mut depth = 0usize;
    let mut open = false;
    let is_apart = layout == Layout::Lines && rest.starts_with('[');
    if is_apart && rest[1..].trim_start().starts_with(']') {
        return Ok(());
    }
    while let Some(c) = rest.chars().next() {
        match c {
            '[' if is_apart && depth == 0 => {
                depth = 1;
                rest = &rest[1..];
            }
            ']' if is_apart && depth == 1 => {
                depth = 0;
                rest = &rest[1..];
            }
            ',' if is_apart && depth == 1 => {
                out.write_all(b"\n")?;
                rest = &rest[1..];
            }
            '{' | '[' => {
                value_line(out, layout, &mut open, depth)?;
                write!(out, "{c}")?;
                depth += 1;
                open = true;
                rest = &rest[1..];
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                // Nothing came since it was opened: `{}`.
                if !std::mem::take(&mut open) {
                    break_line(out, layout, depth)?;
                }
                write!(out, "{c}")?;
                rest = &rest[1..];
            }
            ',' => {
                out.write_all(b",")?;
                break_line(out, layout, depth)?;
                rest = &rest[1..];
            }
            ':' => {
                out.write_all(if layout == Layout::Pretty { b": " } else { b":" })?;
                rest = &rest[1..];
            }
            '"' => {
                value_line(out, layout, &mut open, depth)?;
                let (string, after) = rest.split_at(string_end(rest));
                rest = after;
                let string = escape(string);
                match rest.trim_start().starts_with(':') {
                    true => write!(out, "{}", paint.name(&string))?,
                    false => write!(out, "{}", paint.value(&string))?,
                }
            }
            _ => {
                value_line(out, layout, &mut open, depth)?;
                let is_word = |c: char| !c.is_whitespace() && !"{}[],:\"".contains(c);
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                out.write_all(escape(word).as_bytes())?;
                rest = after;
            }
        }
        rest = rest.trim_start();
    }
    out.write_all(b"\n")
}

/// The first value in a list or object begins a line.
fn value_line(
    out: &mut dyn Write,
    layout: Layout,
    open: &mut bool,
    depth: usize,
) -> io::Result<()> {
    if std::mem::take(open) { break_line(out, layout, depth) } else { Ok(()) }
}

fn break_line(out: &mut dyn Write, layout: Layout, depth: usize) -> io::Result<()> {
    match layout {
        Layout::Pretty => write!(out, "\n{:1$}", "", depth.min(DEEPEST) * 2),
        Layout::Compact | Layout::Lines => Ok(()),
    }
}

/// One past the closing quote of the string that the text begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// JSON forbids most control characters in strings, but not all of what terminals act on.
fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.chars().any(super::is_unsafe) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if super::is_unsafe(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, layout: Layout, expected: &str) {
        let mut out = Vec::new();
        write(&mut out, text, layout, Paint::new(false)).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn keeps_order_and_digits() {
        let text = r#" {"b" : [1, 1.0e400,{ }, [ ] ],"a":{"c:,\"}":null},"b":"x y" } "#;
        check(
            text,
            Layout::Compact,
            "{\"b\":[1,1.0e400,{},[]],\"a\":{\"c:,\\\"}\":null},\"b\":\"x y\"}\n",
        );
        check(
            text,
            Layout::Pretty,
            "{\n  \"b\": [\n    1,\n    1.0e400,\n    {},\n    []\n  ],\n  \"a\": {\n    \
             \"c:,\\\"}\": null\n  },\n  \"b\": \"x y\"\n}\n",
        );
        check("true", Layout::Pretty, "true\n");
        check(text, Layout::Lines, &format!("{}\n", text.replace(' ', "").replace("xy", "x y")));
        check(" [ {\"a\": [1, 2]}, [ ], \"b,\" ] ", Layout::Lines, "{\"a\":[1,2]}\n[]\n\"b,\"\n");
        check("[ ]", Layout::Lines, "");
        check("\"\u{9b}2J\u{7f}\"", Layout::Compact, "\"\\u009b2J\\u007f\"\n");
        check("\"a\u{202e}b\"", Layout::Compact, "\"a\\u202eb\"\n");
    }

    #[test]
    fn ends_on_anything() {
        for text in ["", "}}]", "[", "[}]]", "\"", "\"\\", "[,:", "{\"a\"", "é\u{1b}"] {
            for layout in [Layout::Pretty, Layout::Compact, Layout::Lines] {
                write(&mut Vec::new(), text, layout, Paint::new(true)).unwrap();
            }
        }
    }

    #[test]
    fn reads_back_as_what_serde_wrote() {
        let value = serde_json::json!({"a": [{"b": "c\u{1}"}, [], {}, [[1]], -0.5], "é": null});
        for layout in [Layout::Pretty, Layout::Compact] {
            let mut out = Vec::new();
            write(&mut out, &value.to_string(), layout, Paint::new(false)).unwrap();
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&out).unwrap(), value);
        }
        let mut out = Vec::new();
        write(&mut out, &value.to_string(), Layout::Pretty, Paint::new(false)).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap() + "\n";
        assert_eq!(String::from_utf8(out).unwrap(), pretty);
    }
}
