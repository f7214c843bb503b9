//! What works over TLS.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use contajners::{Client, ErrorKind, Timeout, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::ALL_VERSIONS;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::pki::{Ca, Pair, server};
use crate::{Engine, Front, block_on};

#[test]
fn connections_are_used_again_with_both_versions_of_tls() {
    let ca = Ca::new("CA");
    let Pair { certificate, key } = ca.pair();
    let tls = Tls::new().ca_pem(ca.pem()).identity_pem(certificate, key);
    block_on(async {
        for version in [&TLS12, &TLS13] {
            let config = server(&ca.pair(), Some(&ca), &[version]);
            let engine = Engine::start(Front::Tls(config)).await;
            let client = engine.builder().tls(tls.clone()).build().unwrap();
            for _ in 0..5 {
                client.invoke("ContainerList").await.unwrap();
            }
            assert_eq!(engine.connections.load(Ordering::SeqCst), 1);
        }
    });
}

#[test]
fn a_certificate_that_an_engine_made_for_itself_is_trusted_when_named() {
    block_on(async {
        for version in [&TLS12, &TLS13] {
            let own = Ca::of_itself(&["127.0.0.1"], (2000, 2100));
            let engine = Engine::start(Front::Tls(server(&own, None, &[version]))).await;
            // Beside others, as files of CAs are.
            let pem = format!("{}{}", Ca::new("CA").pem(), own.certificate);
            let client = engine.builder().tls(Tls::new().ca_pem(pem)).build().unwrap();
            client.invoke("ContainerList").await.unwrap();
        }
    });
}

#[test]
fn any_certificate_will_do_when_told_so() {
    let ca = Ca::new("CA");
    block_on(async {
        let engine = Engine::start(Front::Tls(server(&ca.pair(), None, ALL_VERSIONS))).await;
        let client = engine.builder().tls(Tls::new().skip_verify()).build().unwrap();
        client.invoke("ContainerList").await.unwrap();
    });
}

#[test]
fn https_needs_no_settings() {
    let ca = Ca::new("CA");
    block_on(async {
        let engine = Engine::start(Front::Tls(server(&ca.pair(), None, ALL_VERSIONS))).await;
        let builder = Client::builder("docker").api_version("v1.41");
        let client = builder.uri(engine.uri().replace("tcp", "https")).build();
        // The system's CAs do not know this one; a system may have none.
        let code = match client {
            Ok(client) => client.invoke("ContainerList").await.unwrap_err().code(),
            Err(error) => error.code(),
        };
        assert!(["unknown-ca", "no-system-roots"].contains(&code), "{code}");
    });
}

#[test]
fn sockets_carry_both_ways_and_half_close() {
    let ca = Ca::new("CA");
    block_on(async {
        let engine = Engine::start(Front::Tls(server(&ca.pair(), None, ALL_VERSIONS))).await;
        let client = engine.builder().tls(Tls::new().ca_pem(ca.pem())).build().unwrap();
        let call = client.invoke("ContainerAttach").param("id", "x").param("stdin", true);
        let mut socket = call.socket().await.unwrap();
        let input = vec![b'x'; 200_000];
        socket.write_all(&input).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut output = Vec::new();
        socket.read_to_end(&mut output).await.unwrap();
        assert!(output == input);
    });
}

#[test]
fn a_handshake_that_stands_still_ends_in_the_time_to_connect() {
    let limit = Duration::from_millis(200);
    block_on(async {
        let engine = Engine::start(Front::Silent).await;
        let builder = engine.builder().tls(Tls::new().skip_verify()).connect_timeout(limit);
        let began = Instant::now();
        let error = builder.build().unwrap().invoke("ContainerList").await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, "timed-out"), "{error:?}");
        assert!(began.elapsed() >= limit && !error.may_have_acted());
        assert_eq!(error.timeout(), Some(Timeout::Connect));
    });
}

#[test]
fn a_call_that_ends_before_its_connection_stands_did_nothing() {
    block_on(async {
        let engine = Engine::start(Front::Silent).await;
        let builder = engine.builder().tls(Tls::new().skip_verify());
        let client = builder.timeout(Duration::from_millis(200)).build().unwrap();
        let call = |operation| client.invoke(operation).param("id", "x");
        for error in [
            call("ContainerStart").await.unwrap_err(),
            call("ContainerAttach").socket().await.unwrap_err(),
        ] {
            assert_eq!(error.timeout(), Some(Timeout::Whole), "{error:?}");
            assert!(!error.may_have_acted(), "{error:?}");
        }
    });
}

#[test]
fn unix_sockets_and_ssh_stay_as_they_are() {
    for (uri, expected) in [("unix:///x", Ok("unix:///x")), ("http://x", Err("invalid-address"))] {
        // A file that is not there: nobody looks for it.
        let tls = Tls::new().ca_file("/none/ca.pem");
        let client = Client::builder("docker").uri(uri).tls(tls).build();
        let found = client.map(|client| client.discovered().endpoint.to_string());
        let found = found.map_err(|error| error.code());
        assert_eq!(found.as_deref().map_err(|code| *code), expected);
    }
}
