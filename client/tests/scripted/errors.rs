//! Every message that a user can meet, with its code and its hint.

use contajners::{Client, ClientBuilder, Error};
use serde_json::json;

use crate::{JSON, always, block_on, shown};

fn build(builder: ClientBuilder) -> String {
    shown(&builder.build().unwrap_err(), None)
}

#[test]
fn clients_that_cannot_be() {
    let docker = || Client::builder("docker").uri("unix:///x");
    let messages = [
        build(Client::builder("dokcer")),
        build(Client::builder("qemu")),
        build(docker().api_version("v9.99")),
        build(docker().api_version("1.41").category("container")),
        build(Client::builder("docker").uri("npipe://engine")),
        build(Client::builder("docker").uri("tcp://host:port")),
        build(ClientBuilder::from_pack(&b"something"[..])),
        build(ClientBuilder::from_pack(contajners_resources::DOCKER[..100].to_vec())),
    ];
    // The packs grow with every version that is published.
    let length = contajners_resources::DOCKER.len().to_string();
    insta::assert_snapshot!(messages.join("\n").replace(&length, "LENGTH"));
}

#[test]
fn engines_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let dead = folder.path().join("dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let check = |uri: String| {
        let client = Client::builder("docker").uri(uri).build().unwrap();
        let error: Error = block_on(async { client.invoke("SystemPing").await }).unwrap_err();
        assert!(!error.may_have_acted());
        shown(&error, None)
            .replace(&folder.path().display().to_string(), "/…")
            .replace(&closed.port().to_string(), "PORT")
    };
    let messages = [
        check("unix:///no/such/engine.sock".into()),
        check(format!("unix://{}", dead.display())),
        check(format!("unix://{}", file.display())),
        check(format!("tcp://{closed}")),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn calls_that_cannot_be() {
    let engine = always("200 OK", JSON, b"{}");
    let client = engine.client();
    let scoped = engine.builder().category("images").build().unwrap();
    let check = |call: contajners::Call| shown(&block_on(async { call.await }).unwrap_err(), None);
    let id = |operation: &str| client.invoke(operation).param("id", "x");
    let messages = [
        check(client.invoke("ContainerCreat")),
        check(client.invoke("ContainerInspect")),
        check(client.invoke("ContainerInspect").param("id", "")),
        check(client.invoke("ContainerInspect").param("id", "..")),
        check(id("ContainerInspect").param("sise", true)),
        check(id("ContainerInspect").param("size", "maybe")),
        check(id("ContainerInspect").param("size", true).param("size", false)),
        check(id("ContainerInspect").body(json!({}))),
        check(client.invoke("ContainerCreate")),
        check(client.invoke("ImageBuild").body(json!({}))),
        check(client.invoke("ImagePush").param("name", "x").param("X-Registry-Auth", "a\r\nb")),
        check(client.invoke("ImagePush").param("name", "x").param("platform", "linux")),
        check(scoped.invoke("ContainerList")),
        check(scoped.invoke("ImageLst")),
        check(client.invoke("ContainerList").header("a b", "c")),
        check(client.request(contajners::Method::Get, "/a b")),
        check(client.request(contajners::Method::Get, "/a/{b}").param("b", "..")),
        check(client.request(contajners::Method::Get, "/a/{b}").param("b", None::<&str>)),
        check(client.invoke("ContainerExport").param("id", "x")),
    ];
    insta::assert_snapshot!(messages.join("\n"));
    assert!(engine.asked().is_empty());
}

#[test]
fn answers_that_are_errors() {
    let check = |status: &'static str, body: &'static [u8]| {
        let engine = always(status, JSON, body);
        let call = engine.client().invoke("ContainerInspect").param("id", "x");
        shown(&block_on(async { call.await }).unwrap_err(), Some(&engine))
    };
    let messages = [
        check("404 Not Found", br#"{"message":"No such container: x"}"#),
        check(
            "400 Bad Request",
            br#"{"message":"client version 1.99 is too new. Maximum supported API version is 1.41"}"#
        ),
        check("500 Oops", b""),
        check("200 OK", b"{"),
        check("200 OK", b"nonsense"),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}
