//! Makes the seeds of the corpus that no person can write: packs of the made-up specs, in the
//! format of today. `cargo run --example seeds` in this folder, after the format has changed.

use std::fs;
use std::path::Path;

use contajners_fetch_api::lower;
use contajners_fetch_api::model::{Condition, Engine, Model, Negotiation, Sign, Waiter};
use contajners_fetch_api::spec::{Faults, read};
use contajners_fuzz::specs::{TOY, context, engine};
// What was compiled with the fuzzer's instruments calls it.
use libfuzzer_sys as _;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), bytes)
    };
    write("pack", "seed-toy", &TOY)?;
    write("pack", "seed-waiters", &waiters())?;
    let tiny = Engine { name: "t".into(), negotiation: Negotiation::Newest, ..Engine::default() };
    let model = Model { version: "v1".into(), ..Model::default() };
    write("pack", "seed-tiny", &lower::pack(&tiny, &[model]).expect("one version"))?;
    write("swagger", "seed-toy", include_bytes!("../toys/swagger.yaml"))?;
    write("openapi", "seed-toy-1", include_bytes!("../toys/openapi-1.yaml"))?;
    write("openapi", "seed-toy-2", include_bytes!("../toys/openapi-2.yaml"))
}

/// A pack of Swagger's toys that have states to wait for.
fn waiters() -> Vec<u8> {
    let spec = include_bytes!("../toys/swagger.yaml");
    let mut model = read(spec, &context("v1.0", Faults::Refuse)).expect("a sound spec").model;
    let state = || "/State".to_owned();
    let condition = |sign, failed: Option<&str>| Condition {
        statuses: vec![200, 404],
        sign,
        failed: failed.map(Into::into),
    };
    let waiter = Waiter {
        operation: "TreeGet".into(),
        parameters: vec![("id".into(), "name:.*".into())],
        every: 100,
        within: 0,
        tells: Some(state()),
        conditions: vec![
            condition(Some(Sign::Is(state(), vec!["\"running\"".into()])), None),
            condition(Some(Sign::Absent("/a/0".into())), Some("it is lost")),
            condition(Some(Sign::Present(state())), Some("it is there")),
            condition(None, None),
        ],
    };
    model.waiters.insert("ready".into(), waiter);
    let engine = Engine { negotiation: Negotiation::Fixed("v1.0".into()), ..engine() };
    lower::pack(&engine, &[model]).expect("one version")
}
