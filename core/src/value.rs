//! A caller's data, as core sees it.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::readings::decimal_of;

/// A value given for a parameter or a body.
///
/// Core asks no more of a value than this, so that parameters, bodies and checks work on the
/// objects of the host language as they are: Rust's own types here, `serde_json::Value` behind
/// the feature `serde_json`, JavaScript's objects in the WASM binding.
///
/// ```
/// use contajners_core::{Value, View};
///
/// let names = ["conny", "johnny"];
/// assert_eq!(names.view(), View::Array);
/// assert_eq!(names.to_json(), r#"["conny","johnny"]"#);
/// ```
pub trait Value {
    /// Returns what the value is, with its content where that is a scalar.
    fn view(&self) -> View<'_>;

    /// Hands the items of an array to the visitor, in order, until it answers `false`.
    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        let _ = visit;
    }

    /// Hands the fields of an object to the visitor until it answers `false`.
    fn fields(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        let _ = visit;
    }

    /// Appends the value as JSON text.
    ///
    /// Hosts that have JSON of their own do better to override this.
    fn write_json(&self, out: &mut String) {
        match self.view() {
            View::Null => out.push_str("null"),
            View::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
            View::Integer(value) => out.push_str(&decimal_of(value)),
            // JSON has no word for these.
            View::Number(value) if !value.is_finite() => out.push_str("null"),
            View::Number(value) => out.push_str(&format!("{value:?}")),
            View::Text(text) => write_json_text(&text, out),
            View::Array => {
                out.push('[');
                let mut first = true;
                self.items(&mut |item| {
                    if !core::mem::take(&mut first) {
                        out.push(',');
                    }
                    item.write_json(out);
                    true
                });
                out.push(']');
            }
            View::Object => {
                out.push('{');
                let mut first = true;
                self.fields(&mut |name, value| {
                    if !core::mem::take(&mut first) {
                        out.push(',');
                    }
                    write_json_text(name, out);
                    out.push(':');
                    value.write_json(out);
                    true
                });
                out.push('}');
            }
        }
    }

    /// Returns the value as JSON text.
    fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }
}

/// What a [`Value`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum View<'a> {
    /// No value; as a parameter it counts as not given.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A list; ask [`Value::items`].
    Array,
    /// Fields by name; ask [`Value::fields`].
    Object,
}

impl View<'_> {
    /// Returns the value's type in a word, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            View::Null => "null",
            View::Boolean(_) => "a boolean",
            View::Integer(_) | View::Number(_) => "a number",
            View::Text(_) => "text",
            View::Array => "a list",
            View::Object => "an object",
        }
    }
}

/// Appends a text as a JSON string.
pub(crate) fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

// Texts write themselves: the way through `view` would bring the printing of numbers along.
impl Value for str {
    fn view(&self) -> View<'_> {
        View::Text(Cow::Borrowed(self))
    }

    fn write_json(&self, out: &mut String) {
        write_json_text(self, out);
    }
}

impl Value for String {
    fn view(&self) -> View<'_> {
        View::Text(Cow::Borrowed(self))
    }

    fn write_json(&self, out: &mut String) {
        write_json_text(self, out);
    }
}

impl Value for bool {
    fn view(&self) -> View<'_> {
        View::Boolean(*self)
    }
}

macro_rules! integers {
    ($($int:ty)*) => {$(
        impl Value for $int {
            fn view(&self) -> View<'_> {
                View::Integer(i128::from(*self))
            }
        }
    )*};
}
integers!(u8 u16 u32 u64 i8 i16 i32 i64);

impl Value for usize {
    fn view(&self) -> View<'_> {
        View::Integer(*self as i128)
    }
}

impl Value for f64 {
    fn view(&self) -> View<'_> {
        View::Number(*self)
    }
}

impl<T: Value> Value for Option<T> {
    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Null, Value::view)
    }

    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        if let Some(value) = self {
            value.items(visit);
        }
    }

    fn fields(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        if let Some(value) = self {
            value.fields(visit);
        }
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Some(value) => value.write_json(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn view(&self) -> View<'_> {
        (**self).view()
    }

    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        (**self).items(visit);
    }

    fn fields(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        (**self).fields(visit);
    }

    fn write_json(&self, out: &mut String) {
        (**self).write_json(out);
    }
}

impl<T: Value> Value for [T] {
    fn view(&self) -> View<'_> {
        View::Array
    }

    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        for item in self {
            if !visit(item) {
                return;
            }
        }
    }
}

impl<T: Value, const N: usize> Value for [T; N] {
    fn view(&self) -> View<'_> {
        View::Array
    }

    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        self.as_slice().items(visit);
    }
}

impl<T: Value> Value for Vec<T> {
    fn view(&self) -> View<'_> {
        View::Array
    }

    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        self.as_slice().items(visit);
    }
}

impl<K: AsRef<str>, V: Value> Value for BTreeMap<K, V> {
    fn view(&self) -> View<'_> {
        View::Object
    }

    fn fields(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        for (name, value) in self {
            if !visit(name.as_ref(), value) {
                return;
            }
        }
    }
}

#[cfg(feature = "serde_json")]
impl Value for serde_json::Value {
    fn view(&self) -> View<'_> {
        match self {
            Self::Null => View::Null,
            Self::Bool(value) => View::Boolean(*value),
            Self::Number(number) => number
                .as_i128()
                .map_or_else(|| View::Number(number.as_f64().unwrap_or(f64::NAN)), View::Integer),
            Self::String(text) => View::Text(Cow::Borrowed(text)),
            Self::Array(_) => View::Array,
            Self::Object(_) => View::Object,
        }
    }

    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        if let Self::Array(items) = self {
            items.as_slice().items(visit);
        }
    }

    fn fields(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        if let Self::Object(fields) = self {
            for (name, value) in fields {
                if !visit(name, value) {
                    return;
                }
            }
        }
    }

    fn write_json(&self, out: &mut String) {
        // Not by its `Display`, with which a program would carry what indents JSON as well. Values
        // have nothing that could not be written.
        out.push_str(&serde_json::to_string(self).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn writes_json() {
        let map = BTreeMap::from([("a\"b", vec![Some(1), None]), ("c", vec![])]);
        assert_eq!(map.to_json(), r#"{"a\"b":[1,null],"c":[]}"#);
        assert_eq!("tab\tbell\u{7}é\\".to_json(), "\"tab\\tbell\\u0007é\\\\\"");
        assert_eq!((1.5f64.to_json(), f64::NAN.to_json()), ("1.5".into(), "null".into()));
        assert_eq!([u64::MAX].to_json(), "[18446744073709551615]");
    }
}
