//! Keys in every form, and what they cannot be.

use contajners::{Client, Tls};
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use tokio_rustls::rustls::ALL_VERSIONS;

use crate::lines::Lines;
use crate::pki::{Ca, Pair, RSA_KEY, encrypted, server, unwrapped};
use crate::{Engine, Front, block_on, shown};

const PASSWORD: &str = "planted pass";

#[test]
fn every_form_of_a_key_proves_who_the_client_is() {
    let ca = Ca::new("CA");
    let of = |key: &KeyPair| ca.sign(&[], (2000, 2100), key);
    let ec = of(&KeyPair::generate().unwrap());
    let p384 = of(&KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap());
    let ed25519 = of(&KeyPair::generate_for(&PKCS_ED25519).unwrap());
    let rsa = of(&KeyPair::from_pem(RSA_KEY).unwrap());
    let with = |pair: &Pair, key: String| Pair { key, ..pair.clone() };
    let pairs = [
        ("SEC1", with(&ec, unwrapped(&ec.key, "EC PRIVATE KEY"))),
        ("SEC1 of P-384", with(&p384, unwrapped(&p384.key, "EC PRIVATE KEY"))),
        ("PKCS#1", with(&rsa, unwrapped(RSA_KEY, "RSA PRIVATE KEY"))),
        ("encrypted", with(&ec, encrypted(&ec.key, PASSWORD))),
        ("encrypted RSA", with(&rsa, encrypted(RSA_KEY, PASSWORD))),
        ("with words around it", with(&ec, format!("words\n{}\nwords\n", ec.key))),
        ("PKCS#8", ec),
        ("PKCS#8 of P-384", p384),
        ("PKCS#8 of Ed25519", ed25519),
        ("PKCS#8 of RSA", rsa),
    ];
    block_on(async {
        let engine = Engine::start(Front::Tls(server(&ca.pair(), Some(&ca), ALL_VERSIONS))).await;
        for (form, Pair { certificate, key }) in pairs {
            let tls = Tls::new().ca_pem(ca.pem()).identity_pem(certificate, key);
            let client = engine.builder().tls(tls.key_password(PASSWORD)).build();
            let client = client.unwrap_or_else(|error| panic!("{form}: {error:?}"));
            client.invoke("ContainerList").await.unwrap_or_else(|e| panic!("{form}: {e:?}"));
        }
    });
}

#[test]
fn files_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let ca = Ca::new("CA");
    let (own, other) = (ca.pair(), ca.pair());
    let sealed = encrypted(&own.key, PASSWORD);
    let certificate = file("cert.pem", &own.certificate);
    let key = file("key.pem", &own.key);
    let check = |tls: Tls| {
        let error = Client::builder("docker").uri("tcp://far").tls(tls).build().unwrap_err();
        assert_eq!(error.kind(), contajners::ErrorKind::Config);
        let debug = format!("{error:?}");
        for secret in [PASSWORD, "another pass", "MI"] {
            assert!(!debug.contains(secret), "{debug}");
        }
        shown(&error).replace(&folder.path().display().to_string(), "/…")
    };
    let trusting = || Tls::new().ca_pem(ca.pem());
    let cut = |pem: &str| pem[..pem.len() / 2].to_owned();
    let legacy = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
        DEK-Info: AES-128-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n";
    let messages = [
        check(Tls::new().ca_file(folder.path().join("none.pem"))),
        check(Tls::new().ca_file(folder.path())),
        check(Tls::new().ca_file(&key)),
        check(Tls::new().ca_pem("nothing")),
        check(Tls::new().ca_pem(cut(&ca.pem()))),
        check(Tls::new().ca_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
        check(trusting().identity_files(folder.path().join("none.pem"), &key)),
        check(trusting().identity_files(&certificate, folder.path().join("none.pem"))),
        check(trusting().identity_files(&certificate, &certificate)),
        check(trusting().identity_files(&certificate, file("cut.pem", &cut(&own.key)))),
        check(trusting().identity_files(&certificate, file("other.pem", &other.key))),
        check(trusting().identity_pem(&*own.certificate, &*other.key)),
        check(trusting().identity_files(&certificate, file("sealed.pem", &sealed))),
        check(
            trusting()
                .identity_files(&certificate, file("sealed.pem", &sealed))
                .key_password("another pass"),
        ),
        check(trusting().identity_pem(&*own.certificate, legacy).key_password(PASSWORD)),
        check(trusting().identity_pem(
            &*own.certificate,
            "-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n",
        )),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn no_trace_shows_a_key_or_its_password() {
    let ca = Ca::new("CA");
    let Pair { certificate, key } = ca.pair();
    let sealed = encrypted(&key, PASSWORD);
    let tls =
        Tls::new().ca_pem(ca.pem()).identity_pem(certificate, &*sealed).key_password(PASSWORD);
    let ((), told) = Lines::told(|| {
        block_on(async {
            let engine =
                Engine::start(Front::Tls(server(&ca.pair(), Some(&ca), ALL_VERSIONS))).await;
            let client = engine.builder().tls(tls).build().unwrap();
            client.invoke("ContainerList").await.unwrap();
        });
    });
    assert!(told.contains("url.scheme=\"https\"") && told.contains("connected"), "{told}");
    for secret in [PASSWORD, "PRIVATE KEY", sealed.lines().nth(1).unwrap()] {
        assert!(!told.contains(secret), "{told}");
    }
}
