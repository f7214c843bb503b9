//! Reading specs into models, and models into packs and back.

use std::sync::LazyLock;

use contajners_core::Pack;
use contajners_fetch_api::model::{Engine, Model, Negotiation};
use contajners_fetch_api::spec::{Context, Faults, Read, SpecError, read};
use contajners_fetch_api::{lift, lower};

use crate::one_line;

/// What the map of sources would say.
pub fn context(version: &str, faults: Faults) -> Context {
    Context {
        doc_url: "https://example.org/{version}#{operation}".into(),
        namespaces: vec!["/sub".into()],
        faults,
        missing: ["Missing".to_owned()].into(),
        ..Context::new(version)
    }
}

/// An engine that has a bit of everything.
pub fn engine() -> Engine {
    Engine {
        name: "toy".into(),
        addresses: vec!["$TOY_HOST".into(), "unix://$HOME/toy.sock".into()],
        negotiation: Negotiation::Header { ping: "/_ping".into(), header: "Api-Version".into() },
        errors: vec!["/message".into(), "/error/0".into()],
    }
}

/// Two versions of a made-up API, as a pack.
pub static TOY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let texts = [include_str!("../toys/openapi-1.yaml"), include_str!("../toys/openapi-2.yaml")];
    let models = ["v1.0", "v1.1"].iter().zip(texts).map(|(version, text)| {
        let prefix = Some("/{version}".into());
        let context = Context { prefix, ..context(version, Faults::Refuse) };
        let read = read(text.as_bytes(), &context);
        read.unwrap_or_else(|error| panic!("{version}: {:?}", error.lines())).model
    });
    lower::pack(&engine(), &models.collect::<Vec<_>>()).expect("two versions")
});

/// Reads a text as a spec. What is read makes a pack that holds just that; errors have a code and
/// lines.
pub fn check(text: &[u8]) {
    let strict = read(text, &context("v1.0", Faults::Refuse));
    let lenient = read(text, &context("v1.0", Faults::KeepGoing));
    for outcome in [&strict, &lenient] {
        match outcome {
            Ok(Read { model, notes, .. }) => {
                notes.iter().for_each(|note| one_line(&note.to_string()));
                packed(model);
            }
            Err(error) => told(error),
        }
    }
    match (strict, lenient) {
        // What is sound is read alike.
        (Ok(strict), Ok(lenient)) => assert_eq!(strict, lenient),
        (Ok(_), Err(error)) => panic!("only strictly read: {error}"),
        // What is no spec at all is none for anybody.
        (Err(SpecError::Faults(_)), _) | (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => panic!("read in spite of: {error}"),
    }
}

fn told(error: &SpecError) {
    assert!(!error.code().is_empty());
    one_line(&error.to_string());
    let lines = error.lines();
    assert!(!lines.is_empty());
    lines.iter().for_each(|line| one_line(line));
}

/// A path with nothing in its braces: operations are sorted by that.
fn unnamed(path: &str) -> String {
    let mut depth = 0;
    let kept = path.chars().filter(|c| {
        let before = depth;
        depth += i32::from(*c == '{') - i32::from(*c == '}');
        before == 0 || depth == 0
    });
    kept.collect()
}

/// A model makes a sound pack, out of which it comes as it was.
fn packed(model: &Model) {
    let bytes = lower::pack(&engine(), std::slice::from_ref(model)).expect("one version");
    let pack = Pack::open(&bytes).expect("a pack that was just written");
    assert_eq!(pack.verify(), Ok(()));
    let api = pack.newest().expect("one version");
    for operation in &model.operations {
        let there = api.operation(&operation.id).expect("each operation is found by its id");
        assert_eq!((there.method(), there.path()), (operation.method, &*operation.path));
    }
    let mut sorted = model.clone();
    sorted.operations.sort_by_cached_key(|operation| {
        (unnamed(&operation.path), operation.method, operation.path.clone())
    });
    let again = lift::models(&pack).expect("as large as it was");
    assert_eq!(again, [sorted]);
}
