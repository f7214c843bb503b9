//! Certificates and keys, made when they are needed.

use std::sync::Arc;

use pkcs8::der::{Decode, EncodePem};
use pkcs8::{LineEnding, PrivateKeyInfo};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType,
    date_time_ymd,
};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// A key for tests alone, made by `openssl genpkey -algorithm RSA`, since ring makes none.
pub(crate) const RSA_KEY: &str = include_str!("rsa-test-key.pem");

pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these names, or for a client.
    pub(crate) fn sign(&self, names: &[&str], from_to: (i32, i32), key: &KeyPair) -> Pair {
        let params = leaf(names, from_to);
        let certificate = params.signed_by(key, &self.0).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    /// A CA's own certificate that is for these names, too, as engines make it for themselves.
    pub(crate) fn of_itself(names: &[&str], from_to: (i32, i32)) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = leaf(names, from_to);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    /// A CA of which this one has signed the certificate.
    pub(crate) fn below(&self, names: &[&str]) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = leaf(names, (2000, 2100));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.signed_by(&key, &self.0).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    pub(crate) fn pair(&self) -> Pair {
        self.sign(&["127.0.0.1"], (2000, 2100), &KeyPair::generate().unwrap())
    }
}

fn leaf(names: &[&str], from_to: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "leaf");
    params.not_before = date_time_ymd(from_to.0, 1, 1);
    params.not_after = date_time_ymd(from_to.1, 1, 1);
    params.subject_alt_names = names
        .iter()
        .map(|name| match name.parse() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName((*name).try_into().unwrap()),
        })
        .collect();
    params
}

/// An engine with a certificate; it wants one of its clients if a CA for them is named.
pub(crate) fn server(
    pair: &Pair,
    clients: Option<&Ca>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    Arc::new(config.with_single_cert(chain, key).unwrap())
}

fn der(pkcs8: &str) -> Vec<u8> {
    pkcs8::der::SecretDocument::from_pem(pkcs8).unwrap().1.as_bytes().to_vec()
}

/// The same key in the older form that PKCS#8 wraps: PKCS#1 of RSA, SEC1 of elliptic curves.
pub(crate) fn unwrapped(pkcs8: &str, label: &str) -> String {
    let der = der(pkcs8);
    let inner = PrivateKeyInfo::from_der(&der).unwrap().private_key;
    let document = pkcs8::der::SecretDocument::try_from(inner).unwrap();
    document
        .to_pem(Box::leak(label.to_owned().into_boxed_str()), LineEnding::LF)
        .unwrap()
        .to_string()
}

/// The same key with a password.
pub(crate) fn encrypted(pkcs8: &str, password: &str) -> String {
    let der = der(pkcs8);
    let parameters =
        pkcs8::pkcs5::pbes2::Parameters::pbkdf2_sha256_aes256cbc(2048, b"saltsalt", &[7; 16]);
    let parameters = parameters.unwrap();
    let sealed = parameters.encrypt(password, &der).unwrap();
    let info = pkcs8::EncryptedPrivateKeyInfo {
        encryption_algorithm: parameters.into(),
        encrypted_data: &sealed,
    };
    info.to_pem(LineEnding::CRLF).unwrap()
}
