//! Writing JSON: what the catalogue says crosses as one text, which costs one call.

use alloc::string::String;

use contajners_core::Value as _;

use crate::host;

/// A JSON text that grows.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) text: String,
}

impl Writer {
    /// Begins the next item of a list or field of an object: a comma, unless it is the first.
    fn next(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(',');
        }
    }

    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.next();
        name.write_json(&mut self.text);
        self.text.push(':');
        self
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.next();
        text.write_json(&mut self.text);
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.string(text),
            None => self.word("null"),
        }
    }

    /// A number, `true`, `false` or `null`.
    pub(crate) fn word(&mut self, word: &str) {
        self.next();
        self.text.push_str(word);
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.word(if value { "true" } else { "false" });
    }

    /// A JSON text from a pack; text that is no JSON stands for itself.
    pub(crate) fn json(&mut self, text: &str) {
        match host::parse(text) {
            Ok(_) => self.word(text),
            Err(_) => self.string(text),
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.next();
        self.text.push('[');
        for item in items {
            write(self, item);
        }
        self.text.push(']');
    }

    pub(crate) fn strings<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        self.list(texts, Self::string);
    }

    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.next();
        self.text.push('{');
        write(self);
        self.text.push('}');
    }
}
