//! JavaScript's values as core sees them.

use std::borrow::Cow;

use contajners_core::{Value, View};
use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

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
            if number.fract() == 0.0 && number.abs() <= LARGEST {
                View::Integer(number as i128)
            } else {
                View::Number(number)
            }
        } else if let Some(boolean) = value.as_bool() {
            View::Boolean(boolean)
        } else if Array::is_array(value) {
            View::Array
        } else if value.is_object() {
            View::Object
        } else {
            View::Null
        }
    }

    fn items(&self, visit: &mut dyn FnMut(&dyn Value) -> bool) {
        if let Some(array) = self.0.dyn_ref::<Array>() {
            for i in 0..array.length() {
                if !visit(&Self(array.get(i))) {
                    return;
                }
            }
        }
    }

    fn fields(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        if !self.0.is_object() || Array::is_array(&self.0) {
            return;
        }
        for name in Object::keys(self.0.unchecked_ref::<Object>()) {
            let value = Reflect::get(&self.0, &name).unwrap_or_default();
            // A field without a value is not written to JSON.
            if value.is_undefined() {
                continue;
            }
            if !visit(&name.as_string().unwrap_or_default(), &Self(value)) {
                return;
            }
        }
    }

    fn write_json(&self, out: &mut String) {
        // The other side has made JSON of it once already, so that this cannot fail.
        let text = JSON::stringify(&self.0).ok().and_then(|text| text.as_string());
        out.push_str(text.as_deref().unwrap_or("null"));
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
            _ => View::Number(self.0.parse().unwrap_or(f64::NAN)),
        }
    }

    fn write_json(&self, out: &mut String) {
        out.push_str(self.0);
    }
}
