//! Which API version is spoken, and over what.

use std::time::Duration;

use contajners::{Client, Error, ErrorKind, Timeout};
use contajners_tests::{Front, PrivateEngine, Target};
use serde_json::json;

use crate::{PATIENCE, on_both};

on_both!(negotiates_with_an_older_engine, a_time_out_is_an_error);

async fn negotiates_with_an_older_engine(engine: Client) -> Result<(), Error> {
    // What the engine itself says, asked without any version.
    let ping = engine.request(contajners::Method::Get, "/_ping").send().await?;
    let (_, header) = engine.pack().ping().expect("a ping");
    let newest = format!("v{}", ping.header(header).expect("a version"));
    let api = engine.api().await?;
    assert_eq!(api.version(), newest);
    assert_ne!(api.version(), engine.pack().newest().expect("a newest version").version());
    Ok(())
}

async fn a_time_out_is_an_error(engine: Client) -> Result<(), Error> {
    let short = Client::builder(engine.pack().engine())
        .uri(engine.discovered().endpoint.to_string())
        // So that the time-out is not that of asking for it.
        .api_version(engine.api().await?.version())
        .read_timeout(Duration::from_millis(200))
        .timeout(PATIENCE)
        .build()?;
    // Nothing happens that this filter lets through.
    let mut events = short
        .invoke("SystemEvents")
        .param("filters", json!({ "container": ["no-such-container"] }))
        .stream()
        .await;
    // Docker sends its head at once, Podman with the first event.
    let error = match &mut events {
        Ok(events) => events.next().await.expect("an end").unwrap_err(),
        Err(_) => events.unwrap_err(),
    };
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, "timed-out"));
    assert_eq!((error.timeout(), error.operation()), (Some(Timeout::Read), Some("SystemEvents")));
    Ok(())
}

/// Docker serves what is pinned, and says what is too new.
#[test]
fn docker_pinned_versions() {
    let Some(engine) = contajners_tests::docker() else { return };
    block_on(async {
        let old = Client::builder("docker").uri(engine.uri()).api_version("1.25").build()?;
        let version = old.invoke("SystemVersion").await?;
        assert_eq!(old.api().await?.version(), "v1.25");
        assert!(version["ApiVersion"].is_string());

        let new = Client::builder("docker").uri(engine.uri()).api_version("v1.55").build()?;
        let error = new.invoke("SystemVersion").await.unwrap_err();
        assert_eq!(error.status(), Some(400));
        assert!(error.hint().is_some_and(|hint| hint.contains("leave the API version out")));
        Ok(())
    });
}

#[test]
fn docker_over_tcp() {
    over_tcp("docker", contajners_tests::docker());
}

#[test]
fn podman_over_tcp() {
    over_tcp("podman", contajners_tests::podman());
}

fn over_tcp(name: &str, engine: Option<&'static PrivateEngine>) {
    let Some(engine) = engine else { return };
    let front = Front::tcp(Target::Unix(engine.socket().to_owned())).expect("a front");
    block_on(async {
        for uri in [front.uri(), front.uri().replace("tcp://", "http://")] {
            let client = Client::builder(name).uri(uri).build()?;
            for _ in 0..3 {
                assert_eq!(client.invoke("SystemPing").await?, json!("OK"));
            }
            assert!(client.invoke("ContainerList").await?.is_array());
        }
        Ok(())
    });
}

fn block_on(test: impl Future<Output = Result<(), Error>>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let Err(error) = runtime.block_on(test) {
        panic!("{}", crate::chain(&error));
    }
}
