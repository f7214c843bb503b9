//! The life of a container, its output, and what runs in it.

use std::time::{SystemTime, UNIX_EPOCH};

use contajners::{Client, Error, Output};
use serde_json::{Value, json};

use crate::{create, import, on, on_both, remove, start, text};

on_both!(life, followed_logs, logs_as_text, wait_reports_the_exit_code, exec, filters, events);

async fn life(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/life").await?;
    let id = create(&engine, &image, "life", "trap 'exit 0' TERM; sleep 100 & wait").await?;

    let created = on(&engine, "ContainerInspect", &id).await?;
    assert_eq!(text(&created, "/State/Status"), "created");
    on(&engine, "ContainerStart", "life").await?;
    // Starting what runs is no error: the engine answers 304.
    let again = on(&engine, "ContainerStart", &id).send().await?;
    assert_eq!((again.status(), again.is_success()), (304, true));
    let running = on(&engine, "ContainerInspect", "life").await?;
    assert_eq!(text(&running, "/State/Status"), "running");

    on(&engine, "ContainerStop", &id).param("t", 5).await?;
    let stopped = on(&engine, "ContainerInspect", &id).await?;
    assert_eq!(stopped["State"]["Running"], false);
    on(&engine, "ContainerDelete", &id).await?;
    let gone = on(&engine, "ContainerInspect", &id).await.unwrap_err();
    assert_eq!(gone.status(), Some(404));
    Ok(())
}

async fn followed_logs(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/logs").await?;
    // The second line comes only when the first one has been seen to arrive.
    let script = "echo out 1; echo err 1 >&2; while ! [ -e /go ]; do sleep 0.05; done; echo out 2";
    let id = start(&engine, &image, "followed-logs", script).await?;
    let mut logs = on(&engine, "ContainerLogs", &id)
        .param("follow", true)
        .param("stdout", true)
        .param("stderr", true)
        .output()
        .await?;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut told = false;
    while let Some(piece) = logs.next().await.transpose()? {
        match piece.output {
            Output::Stdout => out.extend_from_slice(&piece.bytes),
            Output::Stderr => err.extend_from_slice(&piece.bytes),
            other => panic!("output on {other:?}"),
        }
        if !told && out == b"out 1\n" && err == b"err 1\n" {
            told = true;
            let go = contajners_tests::image::tar_of([("go", b"".as_slice())]);
            on(&engine, "PutContainerArchive", &id).param("path", "/").body_bytes(go).await?;
        }
    }
    assert_eq!((&*out, &*err), (&b"out 1\nout 2\n"[..], &b"err 1\n"[..]));
    remove(&engine, &id).await
}

async fn logs_as_text(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/logs-text").await?;
    let id = start(&engine, &image, "logs-as-text", "echo one; echo zwei: ü").await?;
    on(&engine, "ContainerWait", &id).await?;
    let logs = on(&engine, "ContainerLogs", &id).param("stdout", true).await?;
    assert_eq!(logs, json!("one\nzwei: ü\n"));
    remove(&engine, &id).await
}

async fn wait_reports_the_exit_code(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/wait").await?;
    let id = start(&engine, &image, "wait", "exit 3").await?;
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Waited {
        status_code: i64,
    }
    let waited: Waited = on(&engine, "ContainerWait", &id).json().await?;
    assert_eq!(waited.status_code, 3);
    remove(&engine, &id).await
}

async fn exec(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/exec").await?;
    let id = start(&engine, &image, "exec", "sleep 100").await?;
    let body = json!({
        "Cmd": ["/bin/sh", "-c", "echo $WORD; exit 7"],
        "Env": ["WORD=said"],
        "AttachStdout": true,
        "AttachStderr": true,
    });
    let exec = text(&on(&engine, "ContainerExec", &id).body(body).await?, "/Id");
    let start = engine.invoke("ExecStart").param("id", &exec).body(json!({ "Detach": false }));
    assert_eq!(start.text().await?, "said\n");
    let after = engine.invoke("ExecInspect").param("id", &exec).await?;
    assert_eq!(after["ExitCode"], 7);
    remove(&engine, &id).await
}

async fn filters(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/filters").await?;
    let id = create(&engine, &image, "filters-one", "true").await?;
    let other = create(&engine, &image, "filters-two", "true").await?;
    let listed = |filters: Value| {
        engine.invoke("ContainerList").param("all", true).param("filters", filters)
    };
    let ids = |list: Value| -> Vec<String> {
        list.as_array().expect("a list").iter().map(|item| text(item, "/Id")).collect()
    };
    let found = listed(json!({ "name": ["filters-one"], "status": ["created"] })).await?;
    assert_eq!(ids(found), [&*id]);
    let found = listed(json!({ "name": ["no-such-name"] })).await?;
    assert_eq!(found, json!([]));
    remove(&engine, &id).await?;
    remove(&engine, &other).await
}

async fn events(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/events").await?;
    // Docker sends its head before it begins to listen for events.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let mut events = engine
        .invoke("SystemEvents")
        .param("since", (now - 1).to_string())
        .param("filters", json!({ "container": ["events"], "event": ["create"] }))
        .documents::<Value>()
        .await?;
    let id = create(&engine, &image, "events", "true").await?;
    let event = events.next().await.expect("an event")?;
    assert_eq!(text(&event, "/Actor/ID"), id);
    // The stream has no end; dropping it stops the engine.
    drop(events);
    remove(&engine, &id).await
}
