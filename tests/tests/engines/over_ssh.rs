//! Engines behind ssh: the same calls, through a real `ssh` and a real `sshd`.

use contajners::{Client, Error, ErrorKind};
use contajners_tests::ssh::SshHost;
use contajners_tests::{PrivateEngine, skip};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::{import, on, remove, run, start, text};

#[track_caller]
fn host() -> Option<SshHost> {
    let host = SshHost::new().expect("keys for ssh");
    if host.is_none() {
        skip("there is no ssh and sshd (packages openssh-client and openssh-server)");
    }
    host
}

fn far(name: &str, engine: &PrivateEngine, host: &SshHost, alias: &str) -> Client {
    Client::builder(name)
        .uri(format!("ssh://{alias}{}", engine.socket().display()))
        .ssh_command(host.command())
        .build()
        .expect("a client")
}

/// `engine` has the engine's command, `bare` has a socket to forward.
fn check(name: &'static str, engine: Option<&'static PrivateEngine>, alias: &str) {
    // The engine first: only root has either, and it is the one that says so.
    let Some(engine) = engine else { return };
    let Some(host) = host() else { return };
    run(name, Some(engine), async |near: Client| {
        let client = far(name, engine, &host, alias);
        assert_eq!(client.invoke("SystemPing").await?, json!("OK"));
        assert_eq!(client.api().await?.version(), near.api().await?.version());

        // Large bodies both ways, and a socket with half-close.
        let image = import(&client, "localhost/tests/ssh").await?;
        let id = start(&client, &image, &format!("over-ssh-{alias}"), "sleep 100").await?;
        let body = json!({
            "Cmd": ["/bin/sh", "-c", "cat; echo done"],
            "AttachStdin": true,
            "AttachStdout": true,
        });
        let exec = text(&on(&client, "ContainerExec", &id).body(body).await?, "/Id");
        let call = client.invoke("ExecStart").param("id", &exec);
        let socket = call.body(json!({ "Detach": false, "Tty": false })).socket().await?;
        let (mut output, mut input) = socket.split();
        let sent = vec![b'x'; 1 << 20];
        let write = async {
            input.write_all(&sent).await.expect("input");
            input.shutdown().await.expect("an end of the input");
        };
        let read = async {
            let mut all = Vec::new();
            while let Some(piece) = output.next().await {
                all.extend_from_slice(&piece.expect("output").bytes);
            }
            all
        };
        let ((), all) = tokio::join!(write, read);
        assert_eq!(all.len(), sent.len() + "done\n".len());
        assert!(all.ends_with(b"xdone\n"));
        let export = on(&client, "ContainerExport", &id).bytes().await?;
        assert_eq!(export.len() % 512, 0);
        remove(&client, &id).await
    });
}

#[test]
fn docker() {
    check("docker", contajners_tests::docker(), "engine");
}

#[test]
fn podman() {
    check("podman", contajners_tests::podman(), "engine");
}

#[test]
fn docker_without_its_command() {
    check("docker", contajners_tests::docker(), "bare");
}

#[test]
fn podman_without_its_command() {
    check("podman", contajners_tests::podman(), "bare");
}

/// Each login is a process here and one there, and `sshd` refuses more than some at once.
#[test]
fn many_calls_at_once_share_few_logins() {
    const CALLS: usize = 40;
    let Some(engine) = contajners_tests::docker() else { return };
    let Some(host) = host() else { return };
    run("docker", Some(engine), async |_: Client| {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("logins");
        let script = r#"echo >> "$0"; exec "$@""#;
        let words = ["sh", "-c", script, log.to_str().expect("a name")].map(String::from);
        let client = Client::builder("docker")
            .uri(format!("ssh://engine{}", engine.socket().display()))
            .ssh_command(words.into_iter().chain(host.command()))
            .build()?;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..CALLS {
            let client = client.clone();
            calls.spawn(async move { client.invoke("ContainerList").await });
        }
        for call in calls.join_all().await {
            assert!(call?.is_array());
        }
        let logins = std::fs::read_to_string(&log).expect("logins").lines().count();
        assert!((1..=CALLS / 2).contains(&logins), "{logins} logins for {CALLS} calls");
        Ok(())
    });
}

#[test]
fn what_ssh_says_is_the_cause() {
    let Some(engine) = contajners_tests::docker() else { return };
    let Some(host) = host() else { return };
    run("docker", Some(engine), async |_: Client| {
        let cause = |error: &Error| std::error::Error::source(error).expect("a cause").to_string();
        let refused = far("docker", engine, &host, "stranger");
        let error = refused.invoke("SystemPing").await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Connect, "cannot-connect"));
        assert!(cause(&error).contains("Permission denied (publickey)"), "{}", cause(&error));
        assert!(!error.may_have_acted());

        // Nobody listens there any more.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        drop(listener);
        let closed = far("docker", engine, &host, &address);
        let error = closed.invoke("SystemPing").await.unwrap_err();
        assert!(cause(&error).contains("127.0.0.1"), "{}", cause(&error));
        assert!(cause(&error).contains("Connection refused"), "{}", cause(&error));

        // The far side is there, the engine is not.
        let client = Client::builder("docker")
            .uri("ssh://engine/no/such/engine.sock")
            .ssh_command(host.command())
            .build()?;
        let error = client.invoke("SystemPing").await.unwrap_err();
        assert!(cause(&error).contains("/no/such/engine.sock"), "{}", cause(&error));

        // Neither the engine nor its command is there.
        let client = Client::builder("docker")
            .uri("ssh://bare/no/such/engine.sock")
            .ssh_command(host.command())
            .build()?;
        let error = client.invoke("SystemPing").await.unwrap_err();
        assert_eq!(cause(&error), "nothing answers at `/no/such/engine.sock` there");
        let client =
            Client::builder("podman").uri("ssh://bare").ssh_command(host.command()).build()?;
        let error = client.invoke("SystemPing").await.unwrap_err();
        assert_eq!(cause(&error), "podman has none of its usual sockets there");

        let client =
            Client::builder("docker").uri("ssh://engine").ssh_command(["no-such-ssh"]).build()?;
        let error = client.invoke("SystemPing").await.unwrap_err();
        assert!(cause(&error).contains("cannot start `no-such-ssh`"), "{}", cause(&error));
        Ok(())
    });
}
