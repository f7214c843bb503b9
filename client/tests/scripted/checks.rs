//! What becomes of bodies that are not as the spec has them.

use contajners::{Checks, Client, ErrorKind};
use serde_json::{Value, json};

use crate::traced::told;
use crate::{JSON, Script, always, block_on, shown};

fn docker(script: &Script, checks: Checks) -> Client {
    let builder = Client::builder("docker").uri(script.uri()).api_version("v1.41");
    builder.checks(checks).build().unwrap()
}

fn body() -> Value {
    json!({ "Image": "x", "HostConfig": { "Memroy": 1, "Isolation": "hyper" } })
}

#[test]
fn by_default_they_are_sent_and_told() {
    let script = always("201 Created", JSON, br#"{"Id":"x","Warnings":[]}"#);
    let text = told(&script, async |client: Client| {
        let answer = client.invoke("ContainerCreate").body(body()).send().await.unwrap();
        let found: Vec<&str> = answer.findings().iter().map(|found| found.pointer()).collect();
        assert_eq!(found, ["/HostConfig/Isolation", "/HostConfig/Memroy"]);
        let call = client.invoke("ContainerWait").param("id", "x").param("condition", "remove");
        assert_eq!(call.send().await.unwrap().findings()[0].pointer(), "query.condition");
        // What is in bytes is not looked at.
        let call = client.invoke("ContainerCreate").body_bytes(body().to_string());
        assert_eq!(call.send().await.unwrap().findings(), []);
    });
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
    assert_eq!(script.asked().len(), 3);
}

/// A secret that got into a field for something else is in no log.
#[test]
fn what_is_told_names_no_value() {
    let script = always("201 Created", JSON, br#"{"Id":"x","Warnings":[]}"#);
    let text = told(&script, async |client: Client| {
        let policy = json!({ "Name": "hunter2", "MaximumRetryCount": "hunter2" });
        let body = json!({ "HostConfig": {
            "Binds": "hunter2",
            "Isolation": "hunter2",
            "Mounts": [{ "Type": "hunter2", "Tpye": "hunter2" }],
            "RestartPolicy": policy,
        } });
        let answer = client.invoke("ContainerCreate").body(body).send().await.unwrap();
        let findings = answer.findings();
        assert_eq!(findings.len(), 6);
        // It is there as data, for those who ask.
        assert!(findings.iter().any(|found| found.to_string().contains("hunter2")));
        assert!(!format!("{findings:?}").contains("hunter2"), "{findings:?}");
        let call = client.invoke("ContainerWait").param("id", "x").param("condition", "hunter2");
        assert_eq!(call.send().await.unwrap().findings().len(), 1);
    });
    assert_eq!(text.matches("unknown-value").count(), 4, "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn strict_clients_send_nothing() {
    let script = always("201 Created", JSON, br#"{"Id":"x","Warnings":[]}"#);
    let client = docker(&script, Checks::Strict);
    let call = client.invoke("ContainerCreate").body(body());
    let error = block_on(async { call.await }).unwrap_err();
    assert_eq!((error.kind(), error.findings().len()), (ErrorKind::Resolve, 2));
    assert!(!error.may_have_acted());
    assert_eq!(
        shown(&error, Some(&script)),
        "error: field `/HostConfig/Isolation` of `ContainerCreate` in docker v1.41 does not \
         allow the value `hyper`, and 1 more like that\n  code: check-failed\n  hint: did you mean `hyperv`?"
    );
    assert!(script.asked().is_empty());
    let call = client.invoke("ContainerCreate").body(json!({ "Image": "x" }));
    assert_eq!(block_on(async { call.await }).unwrap()["Id"], "x");
}

#[test]
fn checks_can_be_turned_off_and_made_without_a_call() {
    let script = always("201 Created", JSON, br#"{"Id":"x","Warnings":[]}"#);
    let client = docker(&script, Checks::Off);
    block_on(async {
        let answer = client.invoke("ContainerCreate").body(body()).send().await.unwrap();
        assert_eq!(answer.findings(), []);
        let client = docker(&script, Checks::default());
        let found = client.invoke("ContainerCreate").body(body()).check().await.unwrap();
        assert_eq!(found.len(), 2);
        let error = client.invoke("ContainerCreat").check().await.unwrap_err();
        assert_eq!(error.code(), "unknown-operation");
    });
    assert_eq!(script.asked().len(), 1);
}
