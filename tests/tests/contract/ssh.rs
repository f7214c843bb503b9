//! What is particular to ssh: the program itself may end.

use std::process::Command;

use contajners::Error;
use contajners_tests::Kind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::on_route;
use crate::route::{Route, Transport};
use crate::sockets::join;

/// The processes of `ssh` that go over this route, and no others.
fn programs(route: &Route) -> Vec<u32> {
    let port = format!("Port={}", route.front.address().port());
    let folders = std::fs::read_dir("/proc").expect("processes").flatten();
    let ids = folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok());
    ids.filter(|id| {
        let words = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        words.split(|byte| *byte == 0).any(|word| word == port.as_bytes())
    })
    .collect()
}

/// It looks like an end of the output, with every frame whole, and is none.
async fn killed(route: &Route) -> Result<(), Error> {
    let client = route.client();
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    let kept = programs(route);
    assert_eq!(kept.len(), 1);
    let mut socket = join(&client, &route.prepared.running, false, "cat").await?;
    socket.write_all(b"x").await.expect("input");
    let mut frame = [0; 9];
    socket.read_exact(&mut frame).await.expect("a frame");
    assert_eq!(&frame, b"\x01\0\0\0\0\0\0\x01x");

    let of_socket: Vec<u32> = programs(route).into_iter().filter(|id| !kept.contains(id)).collect();
    let &[id] = &*of_socket else { panic!("{of_socket:?} for one socket") };
    let status = Command::new("kill").args(["-KILL", &id.to_string()]).status().expect("kill");
    assert!(status.success());
    let (mut output, _input) = socket.split_raw();
    let error = output.next().await.expect("an error, not an end").unwrap_err();
    assert_eq!(error.code(), "connection-broken", "{error:?}");
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    assert_eq!(route.front.accepted(), 2);
    drop(client);
    Ok(())
}

/// A client that is gone leaves no `ssh` behind.
async fn dropped(route: &Route) -> Result<(), Error> {
    let client = route.client();
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    assert_eq!(programs(route).len(), 1);
    drop(client);
    route.front.wait_open(0);
    assert_eq!(programs(route), [0; 0]);
    Ok(())
}

fn check<F>(kind: Kind, case: F)
where
    F: AsyncFnOnce(&Route) -> Result<(), Error>,
{
    if let Some(route) = Route::new(kind, Transport::Ssh) {
        on_route(&route, case);
    }
}

#[test]
fn killed_docker() {
    check(Kind::Docker, killed);
}

#[test]
fn killed_podman() {
    check(Kind::Podman, killed);
}

#[test]
fn dropped_docker() {
    check(Kind::Docker, dropped);
}

#[test]
fn dropped_podman() {
    check(Kind::Podman, dropped);
}
