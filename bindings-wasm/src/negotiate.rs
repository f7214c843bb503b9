//! Agreeing on a version.

use alloc::string::String;

use contajners_core::NegotiationStep;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::catalog::Api;
use crate::error;
use crate::request::Request;
use crate::value::Js;

/// Finds out which version an engine speaks, a request at a time.
#[wasm_bindgen]
pub struct Negotiation(contajners_core::Negotiation<'static>);

impl Negotiation {
    pub(crate) fn new(pack: contajners_core::Pack<'static>) -> Self {
        Self(contajners_core::Negotiation::new(pack))
    }
}

#[wasm_bindgen]
impl Negotiation {
    /// The request to make next; none when engines of this kind cannot be asked.
    pub fn request(&self) -> Option<Request> {
        self.0.request().map(Request::new)
    }

    /// The header whose value [`answer`](Self::answer) wants; empty where it wants what the body
    /// says. A getter for that alone would be bytes of every page.
    #[wasm_bindgen(getter)]
    pub fn header(&self) -> String {
        self.0.header().into()
    }

    /// What a body that was JSON says about the version.
    #[wasm_bindgen(js_name = saidIn)]
    pub fn said_in(&self, body: JsValue) -> Option<String> {
        self.0.said_in(&Js(body))
    }

    /// Takes an answer, or an empty text as that of an engine that is not asked. The version to speak
    /// comes back, or nothing when there is another request to make.
    pub fn answer(&mut self, status: u16, said: Option<String>) -> Result<Option<Api>, JsValue> {
        match self.0.clone().handle_answer(status, said.as_deref()) {
            Ok(NegotiationStep::Done(api)) => Ok(Some(Api(api))),
            Ok(NegotiationStep::Again(next)) => {
                self.0 = next;
                Ok(None)
            }
            Err(error) => Err(error::negotiate(&error)),
        }
    }
}
