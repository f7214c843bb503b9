//! Bodies against schemas, and paths into schemas: findings have a place that is there.
//!
//! Input: the operation (a byte), a path, a line break, JSON.
#![no_main]

use std::sync::LazyLock;

use contajners_core::{Api, Finding, Operation, Pack};
use contajners_fuzz::one_line;
use contajners_fuzz::specs::TOY;
use libfuzzer_sys::fuzz_target;
use serde_json::Value as Json;

/// The newest version of a made-up API, and its operations.
static CATALOGUE: LazyLock<(Api<'static>, Vec<Operation<'static>>)> = LazyLock::new(|| {
    let api = Pack::open(&TOY).expect("our own").newest().expect("versions");
    (api, api.operations().collect())
});

fuzz_target!(|data: &[u8]| {
    let [number, rest @ ..] = data else { return };
    let (api, operations) = &*CATALOGUE;
    let operation = operations[usize::from(*number) % operations.len()];
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (path, json) = rest.split_at(end);
    explain(*api, &String::from_utf8_lossy(path));
    let Ok(body) = serde_json::from_slice::<Json>(json) else { return };
    told(&operation.check_body(&body), &body);
    assert_eq!(operation.check_body(&body), operation.check_body(&body));
    told(&operation.check_answer(200, &body), &body);
    told(&operation.check_answer(500, &body), &body);
});

fn explain(api: Api<'_>, path: &str) {
    match api.explain(path) {
        Ok(found) => {
            let again = api.explain(&found.path).expect("the same path, tidied up");
            assert_eq!(again.schema.label(), found.schema.label());
            assert_eq!(again.path, found.path);
            let _ = found.history.versions().to_string();
        }
        Err(error) => {
            assert!(!error.code().is_empty() && !error.to_string().is_empty());
            assert!(error.nearest().len() <= 3);
        }
    }
}

fn told(findings: &[Finding], body: &Json) {
    assert!(findings.len() <= 100);
    for finding in findings {
        assert!(!finding.code().is_empty());
        one_line(&finding.to_string());
        one_line(finding.summary());
        // A missing field is told at the object that has it not.
        let pointer = finding.pointer();
        let holder = pointer.rsplit_once('/').map_or("", |(holder, _)| holder);
        assert!(body.pointer(pointer).or(body.pointer(holder)).is_some(), "{finding:?}");
    }
}
