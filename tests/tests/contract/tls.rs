//! TLS with the real ones, dockerd and stunnel: who is let in, and what is said to the rest.

use std::net::SocketAddr;

use contajners::{Client, ClientBuilder, Credentials, Error, Tls};
use contajners_tests::certs::KEY_PASSWORD;
use contajners_tests::{Front, Identity, Kind, PrivateEngine, Shown, Target, skip, with_tls};

use crate::{PATIENCE, chain, runtime, secrets};

fn builder(kind: Kind, uri: String) -> ClientBuilder {
    Client::builder(kind.name())
        .uri(uri)
        .timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .credentials(Credentials::none())
}

/// Trusts the engine's CA and shows no certificate.
fn trusting(engine: &PrivateEngine) -> Tls {
    Tls::new().ca_file(engine.certs().ca())
}

fn as_client(engine: &PrivateEngine, identity: Identity) -> Tls {
    let folder = engine.certs().client(identity);
    trusting(engine).identity_files(folder.join("cert.pem"), folder.join("key.pem"))
}

async fn ping(builder: ClientBuilder) -> Result<(), Error> {
    let answer = builder.build()?.invoke("SystemPing").await?;
    assert_eq!(answer, "OK");
    Ok(())
}

fn check_keys(kind: Kind) {
    let Some(engine) = with_tls(kind) else { return };
    secrets::listen();
    runtime().block_on(async {
        for identity in Identity::GOOD {
            let tls = as_client(engine, identity).key_password(KEY_PASSWORD);
            let uri = format!("tcp://{}", engine.tls_address());
            if let Err(error) = ping(builder(kind, uri).tls(tls)).await {
                panic!("{identity}: {}", chain(&error));
            }
        }
    });
    secrets::none_was_told();
}

#[test]
fn docker_takes_every_form_of_a_key() {
    check_keys(Kind::Docker);
}

#[test]
fn podman_takes_every_form_of_a_key() {
    check_keys(Kind::Podman);
}

/// Everything that goes wrong, each with its title, as a person sees it.
async fn failures(engine: &PrivateEngine, expired: &PrivateEngine) -> Vec<String> {
    let kind = engine.kind();
    let at = |address: SocketAddr| format!("tcp://{address}");
    let own = || builder(kind, at(engine.tls_address()));
    let certs = engine.certs();
    let plain = Front::tcp(Target::Unix(engine.socket().to_owned())).expect("a front");
    let by_name = format!("tcp://localhost:{}", engine.tls_address().port());
    let good = || as_client(engine, Identity::Pkcs8);
    let foreign_ca = {
        let folder = certs.client(Identity::Pkcs8);
        let tls = Tls::new().ca_file(certs.foreign_ca());
        tls.identity_files(folder.join("cert.pem"), folder.join("key.pem"))
    };
    let sealed = || as_client(engine, Identity::Encrypted);
    let cases = [
        ("no password", own().tls(sealed())),
        ("a wrong password", own().tls(sealed().key_password("planted wrong pass"))),
        ("no certificate of the client", own().tls(trusting(engine))),
        ("one of another CA", own().tls(as_client(engine, Identity::Foreign))),
        ("one that has expired", own().tls(as_client(engine, Identity::Expired))),
        ("an unknown CA of the engine", own().tls(foreign_ca)),
        ("a certificate of the engine for another name", builder(kind, by_name).tls(good())),
        (
            "an expired certificate of the engine",
            builder(kind, at(expired.tls_address())).tls(as_client(expired, Identity::Pkcs8)),
        ),
        ("no TLS at a port with it", own()),
        ("TLS at a port without it", builder(kind, plain.uri()).tls(good())),
    ];
    let mut told = Vec::new();
    for (title, builder) in cases {
        // Some answers come after the handshake, at any time: more often than once.
        let mut texts = Vec::new();
        for _ in 0..4 {
            let error = ping(builder.clone()).await.expect_err(title);
            // Those of certificates have the second in them, which may be another one each time.
            texts.push(without_times(&chain(&error)));
        }
        texts.dedup();
        assert_eq!(texts.len(), 1, "{title}: {texts:#?}");
        let mut text = texts.remove(0);
        for (what, name) in [
            (engine.folder().display().to_string(), "FOLDER"),
            (engine.tls_address().port().to_string(), "PORT"),
            (expired.tls_address().port().to_string(), "PORT"),
            (plain.address().port().to_string(), "PORT"),
        ] {
            text = text.replace(&what, name);
        }
        told.push(format!("{title}:\n{text}"));
    }
    told
}

fn without_times(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.trim_start_matches('(').parse::<u64>() {
        Ok(number) if number > 1 << 20 => "TIME",
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check_failures(kind: Kind) -> Option<String> {
    let engine = with_tls(kind)?;
    let expired = match PrivateEngine::start_with_tls(kind, Shown::Expired) {
        Ok(expired) => expired,
        Err(error) if error.is_unsupported() => {
            skip(&error.to_string());
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    secrets::listen();
    let told = runtime().block_on(failures(engine, &expired));
    secrets::none_was_told();

    let codes: Vec<&str> =
        told.iter().filter_map(|text| text.lines().find(|line| line.contains("code: "))).collect();
    let mut different = codes.clone();
    different.sort_unstable();
    different.dedup();
    // A certificate of another CA and an expired one are refused alike; their causes differ.
    assert_eq!(different.len() + 1, codes.len(), "{codes:#?}");
    Some(told.join("\n"))
}

#[test]
fn what_docker_refuses() {
    if let Some(told) = check_failures(Kind::Docker) {
        insta::assert_snapshot!(told);
    }
}

#[test]
fn what_podman_refuses() {
    if let Some(told) = check_failures(Kind::Podman) {
        insta::assert_snapshot!(told);
    }
}
