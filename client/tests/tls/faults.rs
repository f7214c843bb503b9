//! Every way in which TLS fails, as a person sees it.

use contajners::Tls;
use rcgen::KeyPair;
use tokio_rustls::rustls::ALL_VERSIONS;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::pki::{Ca, Pair, server};
use crate::{Engine, Front, block_on};

async fn engine(pair: &Pair) -> Engine {
    Engine::start(Front::Tls(server(pair, None, ALL_VERSIONS))).await
}

#[test]
fn engines_that_are_not_trusted() {
    let (ca, other) = (Ca::new("CA"), Ca::new("other CA"));
    // Of the same name, but with another key.
    let twin = Ca::new("CA");
    let key = KeyPair::generate().unwrap();
    let trusting = || Tls::new().ca_pem(ca.pem());
    let messages = block_on(async {
        let good = engine(&ca.pair()).await;
        [
            good.fails(Tls::new().ca_pem(other.pem())).await,
            good.fails(Tls::new().ca_pem(twin.pem())).await,
            engine(&ca.sign(&["other.example"], (2000, 2100), &key)).await.fails(trusting()).await,
            engine(&ca.sign(&["127.0.0.1"], (2000, 2001), &key)).await.fails(trusting()).await,
            engine(&ca.sign(&["127.0.0.1"], (2090, 2100), &key)).await.fails(trusting()).await,
        ]
    });
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn certificates_of_cas_themselves() {
    let ca = Ca::new("CA");
    let messages = block_on(async {
        let mut messages = Vec::new();
        for (names, from_to) in [
            (["other.example"], (2000, 2100)),
            (["127.0.0.1"], (2000, 2001)),
            (["127.0.0.1"], (2090, 2100)),
        ] {
            let own = Ca::of_itself(&names, from_to);
            let named = Tls::new().ca_pem(&*own.certificate);
            messages.push(engine(&own).await.fails(named).await);
        }
        let own = Ca::of_itself(&["127.0.0.1"], (2000, 2100));
        messages.push(engine(&own).await.fails(Tls::new().ca_pem(ca.pem())).await);
        // Who trusts the CA above does not say that this one is an engine's.
        let below = ca.below(&["127.0.0.1"]);
        messages.push(engine(&below).await.fails(Tls::new().ca_pem(ca.pem())).await);
        messages
    });
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn clients_that_are_not_trusted() {
    let (ca, other) = (Ca::new("CA"), Ca::new("other CA"));
    let trusting = || Tls::new().ca_pem(ca.pem());
    let as_other = || {
        let Pair { certificate, key } = other.pair();
        trusting().identity_pem(certificate, key)
    };
    let expired = || {
        let key = KeyPair::generate().unwrap();
        let Pair { certificate, key } = ca.sign(&[], (2000, 2001), &key);
        trusting().identity_pem(certificate, key)
    };
    let messages = block_on(async {
        let mut messages = Vec::new();
        for version in [&TLS13, &TLS12] {
            let config = server(&ca.pair(), Some(&ca), &[version]);
            let engine = Engine::start(Front::Tls(config)).await;
            // What comes after the handshake may come at any time: often enough to meet all.
            let first = engine.fails(trusting()).await;
            for _ in 0..50 {
                assert_eq!(engine.fails(trusting()).await, first);
            }
            messages.extend([first, engine.fails(as_other()).await, engine.fails(expired()).await]);
        }
        messages
    });
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn one_side_speaks_tls_and_the_other_does_not() {
    let ca = Ca::new("CA");
    let trusting = || Tls::new().ca_pem(ca.pem());
    let go = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    // A fatal alert: `handshake failure`.
    let alert = &[21, 3, 3, 0, 2, 2, 40];
    let messages = block_on(async {
        let mut messages = vec![
            Engine::start(Front::Plain).await.fails(trusting()).await,
            Engine::start(Front::Deaf).await.fails(trusting()).await,
            Engine::start(Front::Says(alert)).await.fails(trusting()).await,
        ];
        let secure = Front::Tls(server(&ca.pair(), None, ALL_VERSIONS));
        for front in [secure, Front::Says(go)] {
            let engine = Engine::start(front).await;
            let client = engine.builder().build().unwrap();
            let call = client.invoke("ContainerList").await;
            messages.push(engine.shown(&call.unwrap_err()));
            let socket = client.invoke("ContainerAttach").param("id", "x").socket().await;
            assert_eq!(socket.unwrap_err().code(), "tls-wanted");
            let negotiating = contajners::Client::builder("podman").uri(engine.uri());
            let call = negotiating.build().unwrap().invoke("ContainerListLibpod").await;
            messages.push(engine.shown(&call.unwrap_err()));
        }
        // As stunnel does it.
        let engine = Engine::start(Front::Deaf).await;
        let call = engine.builder().build().unwrap().invoke("ContainerList").await;
        messages.push(engine.shown(&call.unwrap_err()));
        messages
    });
    insta::assert_snapshot!(messages.join("\n"));
}
