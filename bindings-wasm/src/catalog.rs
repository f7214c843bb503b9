//! Packs, versions, operations.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contajners_core::{nearest, quoted};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::value::Js;
use crate::{doc, error, host, json, request};

/// The names of the engines whose packs are inside, sorted.
#[wasm_bindgen]
pub fn engines() -> Vec<String> {
    contajners_resources::ENGINES.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// The library's `join` is half a KiB of a page.
fn joined(names: &[&str], between: &str) -> String {
    let mut out = String::new();
    for (i, name) in names.iter().enumerate() {
        out.push_str(if i > 0 { between } else { "" });
        out.push_str(name);
    }
    out
}

/// All versions of an engine's API.
#[wasm_bindgen]
pub struct Pack(contajners_core::Pack<'static>);

#[wasm_bindgen]
impl Pack {
    /// Opens a pack that is inside.
    #[wasm_bindgen(js_name = of)]
    pub fn of(engine: &str) -> Result<Self, JsValue> {
        if let Some(bytes) = contajners_resources::pack(engine) {
            return contajners_core::Pack::open(bytes).map(Self).map_err(error::pack);
        }
        let known: Vec<&str> =
            contajners_resources::ENGINES.iter().map(|(name, _)| *name).collect();
        let near = nearest(engine, known.iter().copied());
        let hint = match (near.as_slice(), known.as_slice()) {
            ([], []) => "no pack is inside: give one with `pack`".into(),
            ([], known) => format!("there is `{}`", joined(known, "`, `")),
            (near, _) => format!("did you mean `{}`?", joined(near, "` or `")),
        };
        let text = format!("unknown engine {}", quoted(engine));
        Err(error::config("unknown-engine", &text, &hint))
    }

    /// Opens a pack from its bytes. They are never given back: a page that loads a pack uses it
    /// to its end, and operations borrow from it.
    #[wasm_bindgen(js_name = load)]
    pub fn load(bytes: Vec<u8>) -> Result<Self, JsValue> {
        // What comes from elsewhere may lie with a right checksum.
        contajners_core::Pack::open(&bytes).and_then(|pack| pack.verify()).map_err(error::pack)?;
        contajners_core::Pack::open(bytes.leak()).map(Self).map_err(error::pack)
    }

    /// The engine's name.
    #[wasm_bindgen(getter)]
    pub fn engine(&self) -> String {
        self.0.engine().into()
    }

    /// The versions, oldest first.
    pub fn versions(&self) -> Vec<String> {
        self.0.versions().map(Into::into).collect()
    }

    /// A version by its name, with or without the leading `v`.
    pub fn api(&self, version: &str) -> Result<Api, JsValue> {
        self.0.api(version).map(Api).map_err(|error| error::setting(&error))
    }

    /// The versions that have an operation of that id, oldest first.
    pub fn history(&self, id: &str) -> Vec<String> {
        self.0.operation_history(id).iter().map(Into::into).collect()
    }

    /// The message in the text of an error body, from where this engine puts it.
    #[wasm_bindgen(js_name = messageOf)]
    pub fn message_of(&self, text: &str) -> String {
        message_in(text, |body| {
            contajners_core::engine_error::message_in(self.0.error_pointers(), body)
        })
    }

    /// Begins to find out which version an engine speaks.
    pub fn negotiation(&self) -> crate::negotiate::Negotiation {
        crate::negotiate::Negotiation::new(self.0)
    }
}

/// One version of an engine's API.
#[wasm_bindgen]
pub struct Api(pub(crate) contajners_core::Api<'static>);

#[wasm_bindgen]
impl Api {
    /// The engine's name.
    #[wasm_bindgen(getter)]
    pub fn engine(&self) -> String {
        self.0.engine().into()
    }

    /// The version as the pack spells it.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> String {
        self.0.version().into()
    }

    /// The categories, sorted.
    pub fn categories(&self) -> Vec<String> {
        self.0.categories().into_iter().map(Into::into).collect()
    }

    /// Refuses a category that the version does not have.
    #[wasm_bindgen(js_name = checkCategory)]
    pub fn check_category(&self, category: &str) -> Result<(), JsValue> {
        self.0.category(category).map(drop).map_err(|error| error::setting(&error))
    }

    /// The operations, of one category or all, as JSON.
    pub fn ops(&self, category: Option<String>) -> Result<String, JsValue> {
        let operations: Vec<_> = match category {
            Some(category) => self.0.category(&category).map_err(|error| error::resolve(&error))?,
            None => self.0.operations().collect(),
        };
        let mut out = json::Writer::default();
        out.list(&operations, doc::listed);
        Ok(out.text)
    }

    /// What is different in another version or of another engine, in one operation or all, as JSON.
    pub fn diff(&self, other: &Api, id: Option<String>) -> Result<String, JsValue> {
        let changes = match id {
            Some(id) => self.0.diff_of(other.0, &id).map_err(|error| error::resolve(&error))?,
            None => self.0.diff(other.0),
        };
        Ok(doc::changes(&changes))
    }

    /// What a path of names leads to, as JSON.
    pub fn explain(&self, path: &str, depth: u32) -> Result<String, JsValue> {
        let found = self.0.explain(path).map_err(|error| error::explain(&error))?;
        let mut out = json::Writer::default();
        doc::explained(&mut out, &found, depth as usize);
        Ok(out.text)
    }

    /// An operation by its id, of one category or all.
    pub fn operation(&self, category: Option<String>, id: &str) -> Result<Operation, JsValue> {
        let found = match category {
            Some(category) => self.0.operation_in(&category, id),
            None => self.0.operation(id),
        };
        found.map(Operation).map_err(|error| error::resolve(&error))
    }
}

/// An operation of one version.
#[wasm_bindgen]
pub struct Operation(pub(crate) contajners_core::Operation<'static>);

#[wasm_bindgen]
impl Operation {
    /// All that is known of it, as JSON.
    pub fn doc(&self, depth: u32) -> String {
        let mut out = json::Writer::default();
        doc::page(&mut out, &self.0, depth as usize);
        out.text
    }

    /// What the values and the body of a call have that is not documented, as JSON. The values are
    /// names and values in turn.
    pub fn check(&self, values: Vec<JsValue>, body: JsValue) -> String {
        let named = request::named(values);
        let mut findings = self.0.check_parameters(&request::borrowed(&named));
        if !body.is_undefined() {
            findings.extend(self.0.check_body(&Js(body)));
        }
        doc::findings(&findings)
    }

    /// What an answer has that is not documented for its status, as JSON.
    #[wasm_bindgen(js_name = checkAnswer)]
    pub fn check_answer(&self, status: u16, body: JsValue) -> String {
        doc::findings(&self.0.check_answer(status, &Js(body)))
    }
}

/// The error that a message inside a successful stream tells of.
#[wasm_bindgen(js_name = inBand)]
pub fn in_band(message: JsValue) -> Option<String> {
    contajners_core::engine_error::in_band(&Js(message))
}

/// The message in the text of an error body.
#[wasm_bindgen(js_name = messageOf)]
pub fn message_of(text: &str) -> String {
    message_in(text, |body| contajners_core::engine_error::message_of(body))
}

/// What is no JSON is a page of a proxy, or plain text.
fn message_in(text: &str, find: impl FnOnce(&Js) -> Option<String>) -> String {
    let found = host::parse(text).ok().and_then(|body| find(&Js(body)));
    found.unwrap_or_else(|| contajners_core::engine_error::message_of_text(text))
}

/// Whether a header carries credentials, which must not be shown.
#[wasm_bindgen(js_name = isSecretHeader)]
pub fn is_secret_header(name: &str) -> bool {
    contajners_core::is_secret_header(name)
}
