//! What BuildKit says of a build: its `StatusResponse`, as protobuf in base64.
//!
//! Of that, the names of steps when they begin, and what they write, are for people. The numbers of
//! fields are those of `moby.buildkit.v1` (`control.proto`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{LONGEST_LINE, MOST, clean_text, clean_to};

/// The id of a message that carries it.
pub(super) const TRACE: &str = "moby.buildkit.trace";

/// The steps that have been told of.
#[derive(Debug, Default)]
pub(super) struct Steps(Vec<String>);

impl Steps {
    /// Returns the lines that a message comes to; none if it is nothing of that kind.
    pub(super) fn lines(&mut self, aux: &str) -> String {
        let Ok(bytes) = STANDARD.decode(aux) else { return String::new() };
        let mut lines = String::new();
        for (number, field) in Fields(&bytes) {
            match (number, field) {
                (1, Field::Bytes(vertex)) => lines += &self.step(vertex).unwrap_or_default(),
                (3, Field::Bytes(log)) => lines += &written(log),
                _ => {}
            }
        }
        lines
    }

    /// A step that has begun, once.
    fn step(&mut self, vertex: &[u8]) -> Option<String> {
        let (mut digest, mut name, mut cached, mut started) = ("", "", false, false);
        for (number, field) in Fields(vertex) {
            match (number, field) {
                (1, field) => digest = field.text(),
                (3, field) => name = field.text(),
                (4, Field::Number(value)) => cached = value != 0,
                (5, _) => started = true,
                _ => {}
            }
        }
        let is_known = self.0.iter().any(|known| known == digest);
        if !started && !cached || is_known || name.is_empty() || self.0.len() == MOST {
            return None;
        }
        self.0.push(digest.to_owned());
        let cached = if cached { "cached: " } else { "" };
        Some(format!("{cached}{}\n", clean_to(name, LONGEST_LINE)))
    }
}

/// What a step writes.
fn written(log: &[u8]) -> String {
    let mut message = String::new();
    for (number, field) in Fields(log) {
        if let (4, Field::Bytes(bytes)) = (number, field) {
            message = clean_text(&String::from_utf8_lossy(bytes));
        }
    }
    message
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Bytes(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            Self::Number(_) => "",
        }
    }
}

/// The fields of a message with their numbers; it ends where it is none.
#[derive(Debug, Clone)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.number()?;
        let field = match key & 7 {
            0 => Field::Number(self.number()?),
            1 => Field::Bytes(self.take(8)?),
            2 => {
                let length = self.number()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Bytes(self.take(4)?),
            _ => return None,
        };
        Some((key >> 3, field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).unwrap();
        [&[number << 3 | 2, length], bytes].concat()
    }

    fn vertex(digest: &str, name: &str, more: &[u8]) -> Vec<u8> {
        let named = [field(1, digest.as_bytes()), field(3, name.as_bytes())].concat();
        field(1, &[&named, more].concat())
    }

    #[track_caller]
    fn check(steps: &mut Steps, parts: &[Vec<u8>], expected: &str) {
        assert_eq!(steps.lines(&STANDARD.encode(parts.concat())), expected);
    }

    #[test]
    fn steps_and_what_they_write_are_told() {
        let mut steps = Steps::default();
        let begun = field(5, &[]);
        check(&mut steps, &[vertex("1", "[1/2] FROM x", &[])], "");
        let cached = [&[4 << 3, 1][..], &begun].concat();
        check(
            &mut steps,
            &[vertex("1", "[1/2] FROM x", &begun), vertex("2", "[2/2] RUN\u{1b}[2J", &cached)],
            "[1/2] FROM x\ncached: [2/2] RUN\\u{1b}[2J\n",
        );
        let log = |text: &str| field(3, &[field(1, b"1"), field(4, text.as_bytes())].concat());
        let again = vertex("1", "[1/2] FROM x", &begun);
        check(&mut steps, &[again, log("a\r\n"), log("b\u{7}\n")], "a\nb\\u{7}\n");
    }

    #[test]
    fn what_is_none_of_that_says_nothing() {
        let mut steps = Steps::default();
        for aux in ["", "Cg==", "!", "Cv8=", "////////////////"] {
            assert_eq!(steps.lines(aux), "", "{aux}");
        }
        // Each beginning of a message is read as far as it goes.
        let whole = vertex("1", "name", &field(5, &[]));
        for length in 0..whole.len() {
            assert_eq!(Steps::default().lines(&STANDARD.encode(&whole[..length])), "");
        }
    }
}
