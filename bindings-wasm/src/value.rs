//! JavaScript's values as core sees them.

use alloc::borrow::Cow;
use alloc::string::String;

use contajners_core::{Value, View};
use wasm_bindgen::JsValue;

use crate::host;

/// Whole numbers beyond this have neighbours that JavaScript cannot tell from them.
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// A value of JavaScript that JSON has a word for; others count as `null`.
pub(crate) struct Js(pub(crate) JsValue);

impl Value for Js {
    fn view(&self) -> View<'_> {
        let value = &self.0;
        if let Some(text) = value.as_string() {
            View::Text(Cow::Owned(text))
        } else if let Some(number) = value.as_f64() {
            if number % 1.0 == 0.0 && number.abs() <= LARGEST {
                View::Integer(i128::from(number as i64))
            } else {
                View::Number(number)
            }
        } else if let Some(boolean) = value.as_bool() {
            View::Boolean(boolean)
        } else if host::is_array(value) {
            View::Array
        } else if value.is_object() {
            View::Object
        } else {
            View::Null
        }
    }

    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        if host::is_array(&self.0) {
            for item in host::items(&self.0) {
                if !visit(&Self(item)) {
                    return;
                }
            }
        }
    }

    fn fields(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        if !self.0.is_object() || host::is_array(&self.0) {
            return;
        }
        for entry in host::entries(&self.0) {
            let mut entry = host::items(&entry).into_iter();
            let (Some(name), Some(value)) = (entry.next(), entry.next()) else { return };
            if !visit(&name.as_string().unwrap_or_default(), &Self(value)) {
                return;
            }
        }
    }

    fn write_json(&self, out: &mut String) {
        // The other side has made JSON of it once already, so that this cannot fail.
        out.push_str(&host::stringify(&self.0).unwrap_or_else(|_| "null".into()));
    }
}

/// A body that is JSON text already.
pub(crate) struct Json<'t>(pub(crate) &'t str);

impl Value for Json<'_> {
    fn view(&self) -> View<'_> {
        match self.0.as_bytes().first() {
            Some(b'{') => View::Object,
            Some(b'[') => View::Array,
            Some(b't') => View::Boolean(true),
            Some(b'f') => View::Boolean(false),
            Some(b'n') | None => View::Null,
            // Which number it is nobody asks: it is sent as it is written.
            _ => View::Number(0.0),
        }
    }

    fn write_json(&self, out: &mut String) {
        out.push_str(self.0);
    }
}
