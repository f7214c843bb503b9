//! Sockets: attach and exec with input, half-closed at its end.

use contajners::{Client, Error, ErrorKind, Output};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{import, on, on_both, remove, start, text};

on_both!(attach_half_closes, exec_with_input, exec_with_a_terminal, large_output, no_socket);

const SCRIPT: &str = "cat; echo done; echo and an error >&2";

async fn attach_half_closes(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/attach").await?;
    let body = json!({
        "Image": image,
        "Cmd": ["/bin/sh", "-c", SCRIPT],
        "OpenStdin": true,
        "StdinOnce": true,
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
    });
    let created = engine.invoke("ContainerCreate").param("name", "attach").body(body).await?;
    let id = text(&created, "/Id");
    let socket = on(&engine, "ContainerAttach", &id)
        .param("stream", true)
        .param("stdin", true)
        .param("stdout", true)
        .param("stderr", true)
        .socket()
        .await?;
    on(&engine, "ContainerStart", &id).await?;
    let (mut output, mut input) = socket.split();
    input.write_all(b"to the container\n").await.expect("input");
    input.shutdown().await.expect("an end of the input");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(piece) = output.next().await.transpose()? {
        let all = if piece.output == Output::Stderr { &mut err } else { &mut out };
        all.extend_from_slice(&piece.bytes);
    }
    assert_eq!(String::from_utf8_lossy(&out), "to the container\ndone\n");
    assert_eq!(String::from_utf8_lossy(&err), "and an error\n");
    remove(&engine, &id).await
}

async fn exec_create(
    engine: &Client,
    id: &str,
    terminal: bool,
    script: &str,
) -> Result<String, Error> {
    let body = json!({
        "Cmd": ["/bin/sh", "-c", script],
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": terminal,
    });
    Ok(text(&on(engine, "ContainerExec", id).body(body).await?, "/Id"))
}

async fn exec_with_input(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/exec-input").await?;
    let id = start(&engine, &image, "exec-input", "sleep 100").await?;
    let exec = exec_create(&engine, &id, false, SCRIPT).await?;
    let start = engine.invoke("ExecStart").param("id", &exec);
    let socket = start.body(json!({ "Detach": false, "Tty": false })).socket().await?;
    let (mut output, mut input) = socket.split();
    input.write_all(b"line\n").await.expect("input");
    input.shutdown().await.expect("an end of the input");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(piece) = output.next().await.transpose()? {
        let all = if piece.output == Output::Stderr { &mut err } else { &mut out };
        all.extend_from_slice(&piece.bytes);
    }
    assert_eq!((&*out, &*err), (&b"line\ndone\n"[..], &b"and an error\n"[..]));
    remove(&engine, &id).await
}

async fn exec_with_a_terminal(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/exec-tty").await?;
    let id = start(&engine, &image, "exec-tty", "sleep 100").await?;
    let exec = exec_create(&engine, &id, true, "read word; echo got $word").await?;
    let start = engine.invoke("ExecStart").param("id", &exec);
    let mut socket = start.body(json!({ "Detach": false, "Tty": true })).socket().await?;
    // Raw both ways: the terminal echoes what is typed.
    socket.write_all(b"typed\n").await.expect("input");
    let mut out = String::new();
    socket.read_to_string(&mut out).await.expect("output");
    assert!(out.ends_with("got typed\r\n"), "{out:?}");
    remove(&engine, &id).await
}

async fn large_output(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/exec-large").await?;
    let id = start(&engine, &image, "exec-large", "sleep 100").await?;
    let exec = exec_create(&engine, &id, false, "head -c 20000000 /dev/zero").await?;
    let start = engine.invoke("ExecStart").param("id", &exec);
    let socket = start.body(json!({ "Detach": false, "Tty": false })).socket().await?;
    let (mut output, _input) = socket.split();
    let mut length = 0;
    while let Some(piece) = output.next().await.transpose()? {
        assert!(piece.bytes.iter().all(|byte| *byte == 0));
        length += piece.bytes.len();
    }
    assert_eq!(length, 20_000_000);
    remove(&engine, &id).await
}

async fn no_socket(engine: Client) -> Result<(), Error> {
    // Nothing is sent for an operation that makes none.
    let error = engine.invoke("ContainerList").socket().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Resolve, "not-upgraded"));
    let attach = on(&engine, "ContainerAttach", "no-such").param("stream", true);
    let error = attach.socket().await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    let message = error.message().expect("a message").to_lowercase();
    assert!(message.contains("no such container") || message.contains("no container"), "{message}");
    Ok(())
}
