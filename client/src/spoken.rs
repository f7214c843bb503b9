//! What a client knows of the version that it speaks: nearer at hand than in the pack, of which
//! nothing is near the processor after an answer that was waited for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contajners_core::{Api, Operation, Pack, Request, RequestContent};
use serde_json::Value;

/// How many operations are kept at hand.
const KEPT: usize = 32;
/// Calls with more names and values than that are not kept.
const LONGEST: usize = 512;

/// A parameter's name and value, as a call holds them.
pub(crate) type Parameter = (String, Result<Value, serde_json::Error>);

/// A version of the pack.
#[derive(Default)]
pub(crate) struct Spoken {
    /// As the pack spells it.
    pub(crate) name: String,
    /// Where it stands among the versions: to find it by its name is more work than to resolve
    /// a call. `None` in a pack without versions.
    at: Option<usize>,
    /// The operations that were called last: a pack is read all over to find one.
    known: Mutex<Vec<Known>>,
}

/// An operation that was called.
struct Known {
    id: Box<str>,
    operation: Operation<'static>,
    /// The template of its path.
    path: &'static str,
    /// What it was called with last.
    values: Vec<(String, Value)>,
    /// What that call became, once it was made twice: programs that look at an engine again and
    /// again make the same call.
    request: Option<Request>,
}

impl Spoken {
    pub(crate) fn new(pack: Pack<'_>, api: Api<'_>) -> Self {
        let name = api.version();
        let at = pack.apis().position(|each| each.version() == name);
        Self { name: name.to_owned(), at, known: Mutex::default() }
    }

    pub(crate) fn api<'a>(&self, pack: Pack<'a>) -> Option<Api<'a>> {
        pack.apis().nth(self.at?)
    }

    /// Finds an operation, of a pack that is there for good.
    pub(crate) fn find(&self, pack: Pack<'static>, id: &str) -> Option<Operation<'static>> {
        let mut all = self.lock();
        if let Some(known) = all.iter().find(|known| *known.id == *id) {
            return Some(known.operation);
        }
        let operation = self.api(pack)?.operation(id).ok()?;
        if all.len() == KEPT {
            all.remove(0);
        }
        all.push(Known {
            id: id.into(),
            operation,
            path: operation.path(),
            values: Vec::new(),
            request: None,
        });
        Some(operation)
    }

    /// Returns what a call without a body becomes, and the template of its path, if the one before
    /// was the same.
    pub(crate) fn recall(
        &self,
        id: &str,
        parameters: &[Parameter],
    ) -> Option<(Request, &'static str)> {
        let all = self.lock();
        let known = all.iter().find(|known| *known.id == *id)?;
        let request = known.request.as_ref().filter(|_| {
            known.values.len() == parameters.len()
                && known.values.iter().zip(parameters).all(|((name, value), (own, given))| {
                    own == name && given.as_ref().is_ok_and(|given| given == value)
                })
        });
        Some((request?.clone(), known.path))
    }

    /// Keeps what a call without a body became, the second time. What it makes of its values is
    /// the same each time; what is found out anew, such as credentials, must not be in it.
    pub(crate) fn keep(&self, id: &str, values: Vec<(String, Value)>, request: &Request) {
        // What looks at an engine is made again and again. What acts on it may have secrets among its
        // values, as headers do, which are not kept for longer than they are of use.
        let is_look = request.method().is_safe()
            && request.headers().next().is_none()
            && *request.content() == RequestContent::Nothing;
        let length = |(name, value): &(String, Value)| match value {
            Value::Bool(_) => Some(name.len()),
            Value::String(text) => Some(name.len() + text.len()),
            // Of fractions some are equal and are not written alike.
            Value::Number(number) if !number.is_f64() => Some(name.len()),
            Value::Number(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let lengths: Option<usize> = values.iter().map(length).sum();
        if !is_look || lengths.is_none_or(|length| length > LONGEST) {
            return;
        }
        let mut all = self.lock();
        let Some(known) = all.iter_mut().find(|known| *known.id == *id) else { return };
        if known.values == values {
            known.request = Some(request.clone());
        } else {
            (known.values, known.request) = (values, None);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, feature = "docker"))]
mod tests {
    use contajners_core::Body;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const OPERATION: &str = "ContainerList";

    fn spoken() -> (Spoken, Pack<'static>) {
        let pack = Pack::open(contajners_resources::pack("docker").unwrap()).unwrap();
        (Spoken::new(pack, pack.api("v1.41").unwrap()), pack)
    }

    fn resolve(operation: Operation<'_>, values: &[(String, Value)]) -> Option<Request> {
        let named: Vec<(&str, &dyn contajners_core::Value)> =
            values.iter().map(|(name, value)| (&**name, value as _)).collect();
        operation.resolve(&named, Body::Nothing).ok()
    }

    fn parameters(values: &[(String, Value)]) -> Vec<Parameter> {
        values.iter().map(|(name, value)| (name.clone(), Ok(value.clone()))).collect()
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::from),
            prop::sample::select(vec![
                json!(null),
                json!(0),
                json!(-0.0),
                json!(0.0),
                json!(1),
                json!(1.0),
                json!("1"),
                json!(""),
                json!("a b"),
                json!([]),
                json!(["x"]),
                json!({}),
                json!({ "status": ["running"] }),
            ]),
        ]
    }

    proptest! {
        #[test]
        fn what_is_recalled_is_what_the_call_resolves_to(
            calls in prop::collection::vec(
                (
                    prop::collection::vec(
                        (prop::sample::select(vec!["all", "limit", "size", "filters"]), value()),
                        0..3,
                    ),
                    1_usize..4,
                ),
                1..6,
            ),
        ) {
            let (spoken, pack) = spoken();
            for (values, times) in calls {
                let values: Vec<(String, Value)> =
                    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                for _ in 0..times {
                    let operation = spoken.find(pack, OPERATION).unwrap();
                    let Some(request) = resolve(operation, &values) else { break };
                    if let Some((recalled, path)) = spoken.recall(OPERATION, &parameters(&values)) {
                        prop_assert_eq!(&recalled, &request);
                        prop_assert_eq!(path, "/containers/json");
                    }
                    spoken.keep(OPERATION, values.clone(), &request);
                }
            }
        }
    }

    /// Whether a call is recalled once it has been made twice.
    fn is_recalled(operation: &str, values: Value) -> bool {
        let (spoken, pack) = spoken();
        let Value::Object(values) = values else { panic!("{values}") };
        let values: Vec<(String, Value)> = values.into_iter().collect();
        for _ in 0..2 {
            let request = resolve(spoken.find(pack, operation).unwrap(), &values).unwrap();
            spoken.keep(operation, values.clone(), &request);
        }
        spoken.recall(operation, &parameters(&values)).is_some()
    }

    #[test]
    fn only_short_calls_without_secrets_are_kept() {
        assert!(is_recalled("SystemPing", json!({})));
        assert!(is_recalled("ContainerInspect", json!({ "id": "conny" })));
        assert!(is_recalled("ContainerList", json!({ "all": true, "limit": 7 })));
        assert!(!is_recalled("ContainerInspect", json!({ "id": "x".repeat(600) })));
        assert!(!is_recalled("ContainerList", json!({ "all": null })));
        // What acts on the engine may have secrets anywhere.
        assert!(!is_recalled("ContainerStart", json!({ "id": "conny" })));
        let secret = json!({ "remote": "https://me:hunter2@git.x/a.git" });
        assert!(!is_recalled("ImageBuild", secret));
        let secret = json!({ "name": "x", "X-Registry-Auth": { "password": "hunter2" } });
        assert!(!is_recalled("ImagePush", secret));
    }

    #[test]
    fn the_operations_that_were_called_last_are_kept() {
        let (spoken, pack) = spoken();
        let api = pack.api("v1.41").unwrap();
        for operation in api.operations() {
            let found = spoken.find(pack, operation.id()).unwrap();
            assert_eq!(found.path(), operation.path());
            assert!(spoken.lock().len() <= KEPT);
        }
        assert_eq!(spoken.find(pack, "Nothing").map(|found| found.path()), None);
        assert_eq!(spoken.recall("SystemPing", &[]), None);
    }
}
