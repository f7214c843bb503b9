//! What of JavaScript itself is called from here: too little for a crate of bindings.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Array, js_name = isArray)]
    pub(crate) fn is_array(value: &JsValue) -> bool;

    /// The items of a list.
    #[wasm_bindgen(js_namespace = Array, js_name = from)]
    pub(crate) fn items(value: &JsValue) -> Vec<JsValue>;

    /// The fields of an object, as lists of name and value.
    #[wasm_bindgen(js_namespace = Object, js_name = entries)]
    pub(crate) fn entries(value: &JsValue) -> Vec<JsValue>;

    /// Fails for what JSON has no word for.
    #[wasm_bindgen(js_namespace = JSON, catch)]
    pub(crate) fn stringify(value: &JsValue) -> Result<String, JsValue>;

    /// Fails for what is no JSON.
    #[wasm_bindgen(js_namespace = JSON, catch)]
    pub(crate) fn parse(text: &str) -> Result<JsValue, JsValue>;
}
