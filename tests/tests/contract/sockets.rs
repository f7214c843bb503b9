//! Sockets: attach and exec, both ways at once, half-closed at the end of the input.

use contajners::{Client, Duplex, Error, Method};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::route::Route;
use crate::streams::collect;
use crate::{create, differs, on, pattern, remove, text};

/// Starts a script in a container and joins it.
pub(crate) async fn join(
    client: &Client,
    id: &str,
    terminal: bool,
    script: &str,
) -> Result<Duplex, Error> {
    let body = json!({
        "Cmd": ["/bin/sh", "-c", script],
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": terminal,
    });
    let exec = text(&on(client, "ContainerExec", id).body(body).await?, "/Id");
    let call = client.invoke("ExecStart").param("id", &exec);
    call.body(json!({ "Detach": false, "Tty": terminal })).socket().await
}

const SCRIPT: &str = "cat; echo done; echo and an error >&2";

/// Writes a lot, ends the input, and expects all of it back.
async fn echo(socket: Duplex) -> Result<(), Error> {
    let (mut output, mut input) = socket.split();
    let sent = pattern(1 << 20);
    let write = async {
        input.write_all(&sent).await.expect("input");
        input.shutdown().await.expect("an end of the input");
    };
    let ((), read) = tokio::join!(write, collect(&mut output));
    let (out, err) = read?;
    assert_eq!(out.len(), sent.len() + "done\n".len());
    assert!(out.starts_with(&sent) && out.ends_with(b"done\n"));
    assert_eq!(String::from_utf8_lossy(&err), "and an error\n");
    Ok(())
}

pub(crate) async fn attach(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let more = json!({
        "OpenStdin": true,
        "StdinOnce": true,
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
    });
    let id = create(&client, SCRIPT, more).await?;
    let attach = on(&client, "ContainerAttach", &id).param("stream", true).param("stdin", true);
    let socket = attach.param("stdout", true).param("stderr", true).socket().await?;
    on(&client, "ContainerStart", &id).await?;
    echo(socket).await?;
    remove(&client, &id).await
}

pub(crate) async fn exec(route: &Route) -> Result<(), Error> {
    echo(join(&route.client(), &route.prepared.running, false, SCRIPT).await?).await
}

pub(crate) async fn exec_with_a_terminal(route: &Route) -> Result<(), Error> {
    let script = "stty -echo; echo ready; read word; echo got $word; echo bad >&2";
    let mut socket = join(&route.client(), &route.prepared.running, true, script).await?;
    let mut ready = [0; 7];
    socket.read_exact(&mut ready).await.expect("output");
    assert_eq!(&ready, b"ready\r\n");
    socket.write_all(b"typed\n").await.expect("input");
    let mut out = String::new();
    socket.read_to_string(&mut out).await.expect("output");
    assert_eq!(out, "got typed\r\nbad\r\n");
    Ok(())
}

/// In a session the engine is the one that asks: it begins with HTTP/2's preface.
pub(crate) async fn session(route: &Route) -> Result<(), Error> {
    let client = route.client();
    if differs("sockets::session", route) {
        let call = client.request(Method::Post, "/v1.41/session");
        assert_eq!(call.socket().await.unwrap_err().status(), Some(404));
        return Ok(());
    }
    let call = client
        .invoke("Session")
        .header("Upgrade", "h2c")
        .header("X-Docker-Expose-Session-Uuid", route.transport().name())
        .header("X-Docker-Expose-Session-Name", "tests")
        .header("X-Docker-Expose-Session-Sharedkey", "");
    let mut socket = call.socket().await?;
    let mut preface = [0; 24];
    socket.read_exact(&mut preface).await.expect("a preface");
    assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    Ok(())
}

pub(crate) async fn refused(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let attach = on(&client, "ContainerAttach", "no-such").param("stream", true);
    let error = attach.socket().await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("engine-error", Some(404)));
    let message = error.message().expect("a message").to_lowercase();
    assert!(message.contains("no such container"), "{message}");
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    Ok(())
}

pub(crate) async fn dropped(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let mut socket = join(&client, &route.prepared.running, false, "cat").await?;
    socket.write_all(b"x").await.expect("input");
    socket.read_exact(&mut [0; 9]).await.expect("a frame");
    // One for calls, one that is the socket.
    assert_eq!(route.front.open(), 2);
    drop(socket);
    match differs("sockets::dropped", route) {
        true => route.front.wait_held(1),
        false => route.front.wait_open(1),
    }
    Ok(())
}
