//! States to wait for, as the packs in `resources/` have them, on answers as engines give them.

#![cfg(feature = "serde_json")]

use std::time::Duration;

use contajners_core::{Pack, Sign, Verdict, Waiter};
use serde_json::{Value as Json, json};

/// The waiter of `engine version name`.
fn waiter(words: &str) -> Waiter<'static> {
    let mut words = words.split(' ');
    let bytes = contajners_resources::pack(words.next().unwrap()).unwrap();
    let api = Pack::open(bytes).unwrap().api(words.next().unwrap()).unwrap();
    api.waiter(words.next().unwrap()).unwrap()
}

#[track_caller]
fn check(words: &str, body: &Json, expected: Verdict<'_>) {
    assert_eq!(waiter(words).judge(200, Some(body)), expected, "{words}: {body}");
}

/// What an engine says of a container in a state.
fn container(status: &str, health: Option<&str>) -> Json {
    json!({
        "State": { "Status": status, "ExitCode": 3, "Health": health.map(|own| json!({ "Status": own })) },
        "Config": { "Healthcheck": { "Test": ["CMD-SHELL", "true"] } },
    })
}

const STOPPED: Verdict<'static> = Verdict::Failed("the container has stopped");
const NO_CHECK: Verdict<'static> = Verdict::Failed("the container has no health check");

#[test]
fn running_is_reached_or_lost() {
    for words in ["docker v1.25 running", "podman v3.1.0 running", "podman v6.0.0 libpod/running"] {
        check(words, &container("created", None), Verdict::Again);
        check(words, &container("restarting", None), Verdict::Again);
        check(words, &container("paused", None), Verdict::Again);
        check(words, &container("running", None), Verdict::Done);
        check(words, &container("exited", None), STOPPED);
        check(words, &container("removing", None), STOPPED);
        check(words, &json!({ "State": { "Status": ["running"] } }), Verdict::Again);
        check(words, &json!([]), Verdict::Again);
    }
    check("podman v4.3.1 running", &container("stopped", None), STOPPED);
}

#[test]
fn healthy_wants_a_health_check_and_a_container_that_lives() {
    for words in ["docker v1.41 healthy", "podman v4.3.1 healthy", "podman v5.0.0 libpod/healthy"] {
        // Docker tells nothing of health before the container starts, Podman an empty text.
        check(words, &container("created", None), Verdict::Again);
        check(words, &container("created", Some("")), Verdict::Again);
        check(words, &container("running", Some("starting")), Verdict::Again);
        check(words, &container("running", Some("healthy")), Verdict::Done);
        let fails =
            Verdict::Failed("the container is unhealthy: its health check has failed too often");
        check(words, &container("running", Some("unhealthy")), fails);
        // Engines call the last state of one that has stopped whatever it was.
        check(words, &container("exited", Some("healthy")), STOPPED);
        check(words, &container("exited", Some("unhealthy")), STOPPED);

        let mut plain = container("running", None);
        plain["Config"]["Healthcheck"] = Json::Null;
        check(words, &plain, NO_CHECK);
        plain["Config"] = json!({});
        check(words, &plain, NO_CHECK);
        plain["Config"] = json!({ "Healthcheck": { "Test": ["NONE"] } });
        let off = Verdict::Failed("the health check of the container is turned off");
        check(words, &plain, off);
    }
    // Podman's own half had another name for it.
    let mut old = container("running", None);
    old["State"]["Healthcheck"] = json!({ "Status": "healthy" });
    check("podman v3.4.4 libpod/healthy", &old, Verdict::Done);
    check("podman v4.0.0 libpod/healthy", &old, Verdict::Again);
}

#[test]
fn exited_tells_the_exit_status() {
    let tells = |words: &str, body: &Json| {
        let mut told = None;
        waiter(words).tell(body, &mut |value| told = Some(value.to_json()));
        told
    };
    for words in ["docker v1.41 exited", "podman v4.3.1 exited", "podman v3.1.0 libpod/exited"] {
        check(words, &container("created", None), Verdict::Again);
        check(words, &container("running", None), Verdict::Again);
        check(words, &container("exited", None), Verdict::Done);
        assert_eq!(tells(words, &container("exited", None)).as_deref(), Some("3"));
        assert_eq!(waiter(words).within(), None);
    }
    check("podman v4.3.1 exited", &container("stopped", None), Verdict::Done);
    let exec = "docker v1.41 exec-exited";
    check(exec, &json!({ "Running": false, "ExitCode": null }), Verdict::Again);
    check(exec, &json!({ "Running": false, "ExitCode": 0 }), Verdict::Done);
    assert_eq!(tells(exec, &json!({ "ExitCode": 0 })).as_deref(), Some("0"));
    assert_eq!(tells(exec, &json!({ "ExitCode": null })), None);
    assert_eq!(tells("docker v1.41 running", &container("running", None)), None);
}

#[test]
fn errors_are_no_state() {
    let gone = json!({ "message": "No such container: x" });
    assert_eq!(waiter("docker v1.41 removed").judge(404, Some(&gone)), Verdict::Done);
    assert_eq!(waiter("docker v1.41 removed").judge(404, None), Verdict::Done);
    assert_eq!(waiter("docker v1.41 removed").judge(500, Some(&gone)), Verdict::Refused);
    // Podman may lose a container between finding and describing it.
    let lost =
        json!({ "cause": "no such container", "message": "x: no such container", "response": 500 });
    assert_eq!(waiter("podman v4.3.1 removed").judge(500, Some(&lost)), Verdict::Done);
    assert_eq!(waiter("podman v4.3.1 removed").judge(404, None), Verdict::Done);
    assert_eq!(waiter("podman v4.3.1 removed").judge(500, Some(&gone)), Verdict::Refused);
    assert_eq!(waiter("podman v4.3.1 removed").judge(500, None), Verdict::Refused);
    assert_eq!(waiter("podman v4.3.1 removed").judge(200, Some(&lost)), Verdict::Again);
    // There is nothing of a health check in what an error says, and that means nothing.
    assert_eq!(waiter("docker v1.41 healthy").judge(404, Some(&gone)), Verdict::Refused);
    let running = container("running", Some("healthy"));
    assert_eq!(waiter("docker v1.41 healthy").judge(500, Some(&running)), Verdict::Refused);
    assert_eq!(waiter("docker v1.41 running").judge(301, None), Verdict::Refused);
    assert_eq!(waiter("docker v1.41 running").judge(200, None), Verdict::Unreadable);
    assert_eq!(waiter("docker v1.41 removed").judge(200, None), Verdict::Again);
}

#[test]
fn what_was_seen_is_told_in_a_line() {
    let seen = |words: &str, body: &Json| waiter(words).seen(body);
    let healthy = "docker v1.41 healthy";
    assert_eq!(
        seen(healthy, &container("running", Some("starting"))),
        "`/State/Status` is `running`, `/State/Health/Status` is `starting`"
    );
    assert_eq!(seen(healthy, &json!({ "State": { "Status": 1 } })), "`/State/Status` is `1`");
    assert_eq!(seen(healthy, &json!({ "State": { "Status": {} } })), "");
    assert_eq!(seen(healthy, &container("a\u{1b}[2J\nb", None)).lines().count(), 1);
    assert!(seen(healthy, &container(&"x".repeat(1 << 20), None)).len() < 300);
}

#[test]
fn the_request_is_that_of_the_operation() {
    let target = |words: &str, values: &[(&str, &str)]| {
        let values: Vec<(&str, &dyn contajners_core::Value)> =
            values.iter().map(|(name, value)| (*name, value as _)).collect();
        match waiter(words).resolve(&values) {
            Ok(request) => request.target().to_owned(),
            Err(error) => format!("{}: {error}", error.code()),
        }
    };
    assert_eq!(target("docker v1.41 healthy", &[("id", "web")]), "/v1.41/containers/web/json");
    // Podman's specs call it `name`, and the waiter `id`.
    let podman = "podman v4.3.1 libpod/healthy";
    assert_eq!(target(podman, &[("id", "a b")]), "/v4.3.1/libpod/containers/a%20b/json");
    assert_eq!(target(podman, &[("name", "web")]), "/v4.3.1/libpod/containers/web/json");
    assert_eq!(
        target(podman, &[]),
        "missing-parameter: `libpod/healthy` needs the path parameter `id`"
    );
    assert_eq!(
        target("docker v1.41 healthy", &[]),
        "missing-parameter: `ContainerInspect` needs the path parameter `id`"
    );
    assert_eq!(
        target("docker v1.41 healthy", &[("id", "web"), ("nmae", "web")]),
        "unknown-parameter: unknown parameter `nmae` of `ContainerInspect` in docker v1.41"
    );
}

#[test]
fn names_are_looked_up_with_their_history() {
    let names = |engine: &str, version: &str| -> Vec<&str> {
        let bytes = contajners_resources::pack(engine).unwrap();
        let api = Pack::open(bytes).unwrap().api(version).unwrap();
        api.waiters().map(|waiter| waiter.name()).collect()
    };
    assert_eq!(
        names("docker", "v1.25"),
        ["exec-exited", "exited", "healthy", "removed", "running"]
    );
    let libpod = ["libpod/exited", "libpod/healthy", "libpod/removed", "libpod/running"];
    let compat = ["exited", "healthy"];
    assert_eq!(names("podman", "v4.0.0"), [&compat[..], &libpod, &["removed", "running"]].concat());
    // Podman's compatible half did not tell of health checks.
    assert_eq!(
        names("podman", "v3.1.0"),
        [&compat[..1], &libpod, &["removed", "running"]].concat()
    );
    assert_eq!(names("incus", "v7.0.0"), Vec::<&str>::new());

    let error = |engine: &str, version: &str, name: &str| {
        let bytes = contajners_resources::pack(engine).unwrap();
        let error = Pack::open(bytes).unwrap().api(version).unwrap().waiter(name).unwrap_err();
        format!("{}: {error}; {}", error.code(), error.hint().unwrap())
    };
    assert_eq!(
        error("docker", "v1.41", "helthy"),
        "unknown-waiter: unknown state `helthy` in docker v1.41; did you mean `healthy`? there \
         are `exec-exited`, `exited`, `healthy`, `removed`, `running`"
    );
    assert_eq!(
        error("docker", "v1.41", "zzz"),
        "unknown-waiter: unknown state `zzz` in docker v1.41; there are `exec-exited`, `exited`, \
         `healthy`, `removed`, `running`"
    );
    assert_eq!(
        error("podman", "v3.4.4", "healthy"),
        "unknown-waiter: unknown state `healthy` in podman v3.4.4; it exists in v4.0.0–v6.0.0"
    );
    assert_eq!(
        error("incus", "v7.0.0", "running"),
        "unknown-waiter: unknown state `running` in incus v7.0.0; incus v7.0.0 has no states to wait for"
    );
}

#[test]
fn a_waiter_can_be_read() {
    let waiter = waiter("podman v3.1.0 libpod/removed");
    assert_eq!(waiter.operation_id(), "libpodGetContainer");
    assert_eq!(waiter.operation().unwrap().path(), "/libpod/containers/{name}/json");
    assert_eq!(waiter.parameters().collect::<Vec<_>>(), [("id", "name")]);
    assert_eq!(waiter.every(), Duration::from_millis(500));
    assert_eq!(waiter.within(), Some(Duration::from_secs(60)));
    assert_eq!((waiter.tells(), waiter.history().to_string()), (None, "all versions".into()));
    let conditions: Vec<_> = waiter.conditions().collect();
    assert_eq!(conditions.len(), 2);
    assert_eq!((&*conditions[0].statuses, conditions[0].failed), (&[404][..], None));
    assert_eq!(conditions[1].sign, Some(Sign::Is("/cause", vec!["\"no such container\""])));
    assert_eq!(format!("{waiter:?}"), "Waiter(libpod/removed by libpodGetContainer)");
}

/// Every operation that a waiter asks is there, in every version, and is asked by getting.
#[test]
fn all_waiters_are_sound() {
    for (engine, bytes) in contajners_resources::ENGINES {
        for api in Pack::open(bytes).unwrap().apis() {
            for waiter in api.waiters() {
                let operation = waiter.operation().unwrap();
                assert_eq!(operation.method().as_str(), "GET", "{engine}: {waiter:?}");
                for (_, theirs) in waiter.parameters() {
                    assert!(operation.parameters().any(|own| own.is_named(theirs)), "{waiter:?}");
                }
            }
        }
    }
}
