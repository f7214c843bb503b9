//! States to wait for: on Docker, and on both halves of Podman's API.

use std::time::Duration;

use contajners::{Client, Error, ErrorKind, Wait};
use serde_json::{Value, json};

use crate::{create, import, on, on_both, remove, start, text};

on_both!(running, exited, removed, healthy, unhealthy, without_a_health_check, execs);

/// What stands before the names of the states: nothing, and what Podman's own half has.
fn halves(engine: &Client) -> &'static [&'static str] {
    if engine.pack().engine() == "podman" { &["", "libpod/"] } else { &[""] }
}

/// Begins to wait; containers are named in the same way with both engines.
fn wait(engine: &Client, half: &str, state: &str, id: &str) -> Wait {
    let wait = engine.wait(format!("{half}{state}")).param("id", id);
    wait.delay(Duration::from_millis(50)).timeout(Duration::from_secs(60))
}

/// The error of a wait that has failed, with its code.
async fn failed(wait: Wait) -> String {
    let error = wait.await.expect_err("a state that is not reached");
    assert_eq!(error.kind(), ErrorKind::Wait);
    format!("{}: {error}", error.code())
}

async fn running(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/wait-running").await?;
    for half in halves(&engine) {
        let id = create(&engine, &image, "wait-running", "sleep 100").await?;
        // It is asked for before the container starts.
        let begin = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            on(&engine, "ContainerStart", &id).await
        };
        let (running, begun) = tokio::join!(wait(&engine, half, "running", &id).run(), begin);
        begun?;
        assert_eq!(text(running?.answer(), "/State/Status"), "running");
        // A pause passes.
        on(&engine, "ContainerPause", &id).await?;
        let go_on = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            on(&engine, "ContainerUnpause", &id).await
        };
        let (again, gone_on) =
            tokio::join!(wait(&engine, half, "running", "wait-running").run(), go_on);
        gone_on?;
        again?;
        remove(&engine, &id).await?;
        // What is not there is the engine's to tell.
        let error = wait(&engine, half, "running", &id).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Status, Some(404)), "{error}");
        assert!(error.message().expect("words").to_lowercase().contains("no such container"));
    }
    Ok(())
}

async fn exited(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/wait-exited").await?;
    for half in halves(&engine) {
        let script = "trap 'exit 7' TERM; sleep 1000 & wait";
        let id = start(&engine, &image, "wait-exited", script).await?;
        let short = wait(&engine, half, "exited", &id).timeout(Duration::from_secs(3));
        let late = failed(short).await;
        assert!(
            late.starts_with("wait-timed-out: ") && late.ends_with("`/State/Status` is `running`"),
            "{late}"
        );
        on(&engine, "ContainerKill", &id).param("signal", "TERM").await?;
        let exited = wait(&engine, half, "exited", &id).await?;
        assert_eq!(exited.told(), &json!(7), "{exited:?}");
        for state in ["running", "healthy"] {
            let lost = failed(wait(&engine, half, state, &id)).await;
            assert!(
                lost.starts_with("wait-failed: ") && lost.ends_with(": the container has stopped"),
                "{lost}"
            );
        }
        remove(&engine, &id).await?;
    }
    Ok(())
}

async fn removed(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/wait-removed").await?;
    for half in halves(&engine) {
        let id = start(&engine, &image, "wait-removed", "sleep 100").await?;
        let end = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            remove(&engine, &id).await
        };
        let (removed, ended) = tokio::join!(wait(&engine, half, "removed", &id).run(), end);
        ended?;
        // Podman 4.3 says 500 of one that goes while it is looked at.
        let status = removed?.status();
        assert!(status == 404 || status == 500 && engine.pack().engine() == "podman", "{status}");
        // What has never been is not there either.
        wait(&engine, half, "removed", "wait-nobody").await?;
    }
    Ok(())
}

/// Creates and starts a container with a health check, which runs often.
async fn checked(
    engine: &Client,
    image: &str,
    name: &str,
    test: Value,
    script: &str,
) -> Result<String, Error> {
    let body = json!({
        "Image": image,
        "Cmd": ["/bin/sh", "-c", script],
        "Healthcheck": { "Test": test, "Interval": 300_000_000, "Timeout": 10_000_000_000_u64, "Retries": 2 },
    });
    let created = engine.invoke("ContainerCreate").param("name", name).body(body).await?;
    let id = text(&created, "/Id");
    on(engine, "ContainerStart", &id).await?;
    Ok(id)
}

/// Podman leaves it to timers of systemd to run health checks, and there may be none: here they are
/// run by hand, for as long as someone waits. Docker runs them itself.
async fn run_checks(engine: &Client, id: &str) -> Error {
    loop {
        if engine.pack().engine() == "podman"
            && let Err(error) = engine.invoke("ContainerHealthcheckLibpod").param("name", id).await
        {
            return error;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits while health checks are run.
async fn wait_checked(engine: &Client, id: &str, wait: Wait) -> Result<Value, Error> {
    tokio::select! {
        waited = wait.run() => Ok(waited?.into_answer()),
        error = run_checks(engine, id) => Err(error),
    }
}

async fn healthy(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/wait-healthy").await?;
    let test = json!(["CMD-SHELL", "test -e /well"]);
    for half in halves(&engine) {
        let script = "touch /well; sleep 100";
        let id = checked(&engine, &image, "wait-healthy", test.clone(), script).await?;
        let healthy = wait_checked(&engine, &id, wait(&engine, half, "healthy", &id)).await?;
        assert_eq!(text(&healthy, "/State/Health/Status"), "healthy");
        remove(&engine, &id).await?;
    }
    Ok(())
}

async fn unhealthy(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/wait-unhealthy").await?;
    for half in halves(&engine) {
        let test = json!(["CMD", "false"]);
        let id = checked(&engine, &image, "wait-unhealthy", test, "sleep 100").await?;
        let waiting = wait_checked(&engine, &id, wait(&engine, half, "healthy", &id));
        let error = waiting.await.expect_err("an unhealthy container");
        assert_eq!(error.code(), "wait-failed", "{error}");
        assert!(error.to_string().contains(": the container is unhealthy: "), "{error}");
        remove(&engine, &id).await?;
    }
    Ok(())
}

async fn without_a_health_check(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/wait-unchecked").await?;
    for half in halves(&engine) {
        // It shows before the container starts.
        let id = create(&engine, &image, "wait-unchecked", "sleep 100").await?;
        let lost = failed(wait(&engine, half, "healthy", &id)).await;
        assert!(lost.ends_with(": the container has no health check"), "{lost}");
        remove(&engine, &id).await?;
        let off = json!(["NONE"]);
        let id = checked(&engine, &image, "wait-unchecked", off, "sleep 100").await?;
        let lost = failed(wait(&engine, half, "healthy", &id)).await;
        assert!(lost.ends_with(": the health check of the container is turned off"), "{lost}");
        remove(&engine, &id).await?;
    }
    Ok(())
}

/// Docker alone tells when an exec has ended.
async fn execs(engine: Client) -> Result<(), Error> {
    if engine.pack().engine() == "podman" {
        let error = wait(&engine, "", "exec-exited", "x").await.unwrap_err();
        assert_eq!(error.code(), "unknown-waiter");
        return Ok(());
    }
    let image = import(&engine, "localhost/tests/wait-exec").await?;
    let id = start(&engine, &image, "wait-exec", "sleep 100").await?;
    let body = json!({ "Cmd": ["sh", "-c", "sleep 0.5; exit 4"] });
    let exec = on(&engine, "ContainerExec", &id).body(body).await?;
    let exec = text(&exec, "/Id");
    let begin = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        engine.invoke("ExecStart").param("id", &exec).body(json!({ "Detach": true })).send().await
    };
    let (exited, begun) = tokio::join!(wait(&engine, "", "exec-exited", &exec).run(), begin);
    begun?.bytes().await?;
    assert_eq!(exited?.told(), &json!(4));
    remove(&engine, &id).await
}
