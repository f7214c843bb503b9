//! Bodies, answers and values against the schemas of the packs in `resources/`.

#![cfg(all(feature = "schemas", feature = "serde_json"))]

use contajners_core::{Finding, Operation, Pack, Value};
use serde_json::{Value as Json, json};

fn operation(name: &str) -> Operation<'static> {
    let mut words = name.split(' ');
    let engine = contajners_resources::pack(words.next().unwrap()).unwrap();
    let api = Pack::open(engine).unwrap().api(words.next().unwrap()).unwrap();
    api.operation(words.next().unwrap()).unwrap()
}

fn told(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| {
        let hint = finding.hint().map(|hint| format!("\n  {hint}")).unwrap_or_default();
        format!("{} {finding}{hint}", finding.code())
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(name: &str, body: &Json, expected: &str) {
    assert_eq!(told(&operation(name).check_body(body)), expected);
}

#[test]
fn what_is_right_gives_no_finding() {
    check("docker v1.41 ContainerCreate", &json!({}), "");
    check(
        "docker v1.41 ContainerCreate",
        &json!({
            "Image": "busybox",
            "Cmd": ["sh", "-c", "date"],
            "Entrypoint": null,
            "Env": ["A=b"],
            "ExposedPorts": { "80/tcp": {} },
            "Labels": { "any": "text" },
            "HostConfig": {
                "Binds": ["/a:/b"],
                "PortBindings": { "80/tcp": [{ "HostIp": "", "HostPort": "8080" }] },
                "RestartPolicy": { "Name": "", "MaximumRetryCount": 0 },
                "Isolation": "",
                "NanoCpus": 1.5e9,
                "Mounts": [{ "Type": "bind", "Source": "/a", "Target": "/b" }],
            },
            "NetworkingConfig": { "EndpointsConfig": { "any": { "Aliases": ["a"] } } },
        }),
        "",
    );
    check("docker v1.41 ImageBuild", &json!({ "any": "thing" }), "");
    check("docker v1.41 ContainerStart", &json!({ "any": "thing" }), "");
}

#[test]
fn unknown_fields() {
    check(
        "docker v1.41 ContainerCreate",
        &json!({ "Imag": "x", "HostConfig": { "Memroy": 1, "Mounts": [{}, { "Tpye": "bind" }] } }),
        "unknown-field unknown field `/HostConfig/Memroy` of `ContainerCreate` in docker v1.41\n  \
         did you mean `Memory`?\n\
         unknown-field unknown field `/HostConfig/Mounts/1/Tpye` of `ContainerCreate` in docker \
         v1.41\n  did you mean `Type`?\n\
         unknown-field unknown field `/Imag` of `ContainerCreate` in docker v1.41\n  \
         did you mean `Image`?",
    );
    // Of a body that is made of parts, one of which is there for its example only.
    check(
        "docker v1.41 ServiceCreate",
        &json!({ "Name": "web", "TasKTemplate": {} }),
        "unknown-field unknown field `/TasKTemplate` of `ServiceCreate` in docker v1.41\n  did you \
         mean `TaskTemplate`?",
    );
    // Of a later version, in a map.
    check(
        "docker v1.41 ContainerCreate",
        &json!({ "NetworkingConfig": { "EndpointsConfig": { "a/b": {
            "DNSNames": ["c"], "GwPriority": 0,
        } } } }),
        "unknown-field unknown field `/NetworkingConfig/EndpointsConfig/a~1b/DNSNames` of \
         `ContainerCreate` in docker v1.41\n  available from v1.44; this call speaks v1.41",
    );
}

#[test]
fn wrong_types() {
    check(
        "docker v1.41 ContainerCreate",
        &json!({ "Image": 1, "Env": { "A": "b" }, "HostConfig": { "Memory": 1.5, "Binds": [true] } }),
        "wrong-type field `/Env` of `ContainerCreate` in docker v1.41 is a list of string; an \
         object was given\n\
         wrong-type field `/HostConfig/Binds/0` of `ContainerCreate` in docker v1.41 is text; a \
         boolean was given\n\
         wrong-type field `/HostConfig/Memory` of `ContainerCreate` in docker v1.41 is an integer; \
         a number was given\n\
         wrong-type field `/Image` of `ContainerCreate` in docker v1.41 is text; a number was given",
    );
    check(
        "docker v1.41 ContainerCreate",
        &json!(["a"]),
        "wrong-type the body of `ContainerCreate` in docker v1.41 is an object; a list was given",
    );
}

#[test]
fn values_and_missing_fields() {
    check(
        "docker v1.41 ContainerCreate",
        &json!({ "HostConfig": { "RestartPolicy": { "Name": "allways" } } }),
        "unknown-value field `/HostConfig/RestartPolicy/Name` of `ContainerCreate` in docker v1.41 \
         does not allow the value `allways`\n  did you mean `always`?",
    );
    check(
        "docker v1.41 NetworkCreate",
        &json!({ "Driver": "bridge" }),
        "missing-field missing field `/Name` of `NetworkCreate` in docker v1.41\n  it is text",
    );
}

#[test]
fn summaries_name_no_value() {
    let findings = operation("docker v1.41 ContainerCreate").check_body(&json!({ "HostConfig": {
        "Isolation": "hunter2", "Memory": "hunter2", "Memroy": "hunter2",
    } }));
    let told: Vec<_> =
        findings.iter().map(|found| (found.summary(), found.expected().unwrap_or(""))).collect();
    let of = "of `ContainerCreate` in docker v1.41";
    assert_eq!(
        told,
        [
            (
                &*format!(
                    "field `/HostConfig/Isolation` {of} has a value that is none of those allowed"
                ),
                "`default`, `process` or `hyperv`"
            ),
            (
                &*format!("field `/HostConfig/Memory` {of} is an integer; text was given"),
                "an integer"
            ),
            (&*format!("unknown field `/HostConfig/Memroy` {of}"), ""),
        ]
    );
    assert!(findings[0].to_string().ends_with(" does not allow the value `hunter2`"));
    assert!(!format!("{findings:?}").contains("hunter2"), "{findings:?}");
}

#[test]
fn values_of_parameters() {
    let check = |name: &str, values: &[(&str, &dyn Value)], expected: &str| {
        assert_eq!(told(&operation(name).check_parameters(values)), expected);
    };
    let wait = "docker v1.41 ContainerWait";
    check(wait, &[("condition", &"removed"), ("id", &"x")], "");
    check(
        wait,
        &[("condition", &"remove")],
        "unknown-value parameter `condition` of `ContainerWait` in docker v1.41 does not allow \
         the value `remove`\n  did you mean `removed`?",
    );
    check(
        wait,
        &[("condition", &"x")],
        "unknown-value parameter `condition` of `ContainerWait` in docker v1.41 does not allow \
         the value `x`\n  it is `not-running`, `next-exit` or `removed`",
    );
}

#[test]
fn answers() {
    let inspect = operation("docker v1.41 ContainerInspect");
    let answer = json!({ "Id": 1, "State": { "Status": "running", "Newer": true } });
    assert_eq!(
        told(&inspect.check_answer(200, &answer)),
        "wrong-type field `/Id` of `ContainerInspect` in docker v1.41 is text; a number was given\n\
         unknown-field unknown field `/State/Newer` of `ContainerInspect` in docker v1.41"
    );
    assert_eq!(inspect.check_answer(299, &answer), []);
}

/// However a value is made, checking it ends, and tells no more than a hundred things.
#[test]
fn values_from_strangers() {
    let create = operation("docker v1.41 ContainerCreate");
    let many: serde_json::Map<String, Json> =
        (0..10_000).map(|number| (format!("x{number}"), json!(number))).collect();
    assert_eq!(create.check_body(&Json::Object(many)).len(), 100);
    let mut deep = json!({});
    for _ in 0..100 {
        deep = json!({ "HostConfig": deep });
    }
    assert!(!create.check_body(&deep).is_empty());
    // Definitions that refer to themselves.
    for engine in ["docker", "podman"] {
        for api in
            Pack::open(contajners_resources::pack(engine).unwrap()).unwrap().apis().step_by(10)
        {
            for operation in api.operations() {
                let _ = operation.check_body(&json!({ "": { "": [null, 1, "", true, {}] } }));
                let _ = operation.check_answer(200, &json!([{ "Id": [] }]));
            }
        }
    }
}
