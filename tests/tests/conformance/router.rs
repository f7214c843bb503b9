//! Telling the answer of an engine's router from an answer of an operation.
//!
//! What the router says is not known beforehand: it is asked for what no spec has, and for methods
//! that a path does not take.

use std::collections::BTreeSet;

use contajners::{Client, Method};
use contajners_core::Api;

/// A segment that no engine has a route or a thing for.
const NOWHERE: &str = "contajners-conformance-nowhere";

/// What an answer is recognised by. Of an answer to `HEAD` that is the length of what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) length: Option<usize>,
    /// `None` where there is none to look at.
    pub(crate) body: Option<String>,
}

/// What the router answers where there is no route.
#[derive(Debug)]
pub(crate) struct Router {
    answers: BTreeSet<Answer>,
}

impl Router {
    /// Asks for routes that there are not.
    pub(crate) async fn probe(client: &Client, api: Api<'_>) -> Self {
        let prefix = api.prefix_template().replace("{version}", api.version());
        let mut folders = vec![String::new(), prefix.clone()];
        folders.extend(api.namespaces().map(|namespace| format!("{prefix}{namespace}")));
        let methods: BTreeSet<&str> =
            api.operations().map(|operation| operation.method().as_str()).collect();
        let methods = methods.iter().filter_map(|method| Method::parse(method));
        let mut answers = BTreeSet::new();
        for method in methods {
            for folder in &folders {
                let target = format!("{folder}/{NOWHERE}");
                answers.insert(ask(client, method, &target).await);
            }
        }
        // A path that holds no placeholder and that no operation has with this method.
        for operation in api.operations().filter(|one| !one.path().contains('{')).take(8) {
            let target = format!("{prefix}{}", operation.path());
            answers.insert(ask(client, Method::Trace, &target).await);
            answers.insert(ask(client, Method::Patch, &target).await);
        }
        let strange: Vec<&Answer> =
            answers.iter().filter(|answer| !matches!(answer.status, 404 | 405)).collect();
        assert!(strange.is_empty(), "what is not there is answered with {strange:?}");

        // The recognition is worth nothing if an operation's own answer looks the same.
        let target = format!("{prefix}/containers/{NOWHERE}/json");
        let own = ask(client, Method::Get, &target).await;
        assert!(own.status == 404 && !answers.contains(&own), "{own:?} is among {answers:?}");
        Self { answers }
    }

    /// Tells whether no operation has given this answer.
    pub(crate) fn gave(&self, answer: &Answer) -> bool {
        self.answers.iter().any(|own| {
            own.status == answer.status
                && own.content_type == answer.content_type
                && match (&own.body, &answer.body) {
                    (Some(own), Some(body)) => own == body,
                    _ => own.length == answer.length,
                }
        })
    }
}

async fn ask(client: &Client, method: Method, target: &str) -> Answer {
    let response = client.request(method, target).allow_error_status().send().await;
    let response = response.unwrap_or_else(|error| panic!("{method} {target}: {error}"));
    let status = response.status();
    let content_type = response.header("content-type").unwrap_or_default().to_owned();
    let length = response.header("content-length").and_then(|text| text.parse().ok());
    let body = response.bytes().await.expect("a body of the router");
    let body = (method != Method::Head).then(|| String::from_utf8_lossy(&body).into_owned());
    Answer { status, content_type, length, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operations_404_is_not_the_routers() {
        let answer = |status, length, body: Option<&str>| Answer {
            status,
            content_type: "application/json".into(),
            length: Some(length),
            body: body.map(str::to_owned),
        };
        let router = Router { answers: [answer(404, 29, Some("no page"))].into() };
        assert!(router.gave(&answer(404, 29, Some("no page"))));
        assert!(!router.gave(&answer(404, 29, Some("no container"))));
        assert!(!router.gave(&answer(400, 29, Some("no page"))));
        // HEAD leaves only the length.
        assert!(router.gave(&answer(404, 29, None)));
        assert!(!router.gave(&answer(404, 40, None)));
    }
}
