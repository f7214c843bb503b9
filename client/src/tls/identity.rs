//! Who the client is: a certificate and its key, from PEM.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use pkcs8::EncryptedPrivateKeyInfo;
use pkcs8::der::SecretDocument;
use rustls::InconsistentKeys;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::{Fault, Pem, Tls};
use crate::error::quoted;

const ENCRYPTED_BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const ENCRYPTED_END: &str = "-----END ENCRYPTED PRIVATE KEY-----";

/// The longest file that is read; the system's CAs are a quarter of a MiB.
const LONGEST: u64 = 16 << 20;

/// Reads who the client is; `None` when nothing says so.
pub(super) fn identity(
    tls: &Tls,
    provider: &CryptoProvider,
) -> Result<Option<Arc<CertifiedKey>>, Fault> {
    let Some((certificate, key)) = &tls.identity else { return Ok(None) };
    let (name, bytes) = read(certificate, "certificate")?;
    let chain = certificates(&name, &bytes)?;
    let (key_name, bytes) = read(key, "key")?;
    let key = private_key(&key_name, &bytes, tls.password.as_deref())?;
    let key = provider.key_provider.load_private_key(key).map_err(|error| {
        Fault::new(
            "key-unusable",
            format!("{key_name} is a key that cannot be used"),
            "RSA of 2048 bits and more, P-256, P-384 and Ed25519 can be",
        )
        .with_cause(error)
    })?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        // A key that does not tell its public part is left to the engine.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
            Ok(Some(Arc::new(certified)))
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(Fault::new(
            "key-mismatch",
            format!("{key_name} is not the key of {name}"),
            "the certificate that belongs to the key stands first in its file",
        )),
        Err(error) => Err(Fault::new(
            "certificate-malformed",
            format!("{name} holds a certificate that cannot be read"),
            "is it whole?",
        )
        .with_cause(error)),
    }
}

/// Returns what PEM is called in messages, and its bytes.
pub(super) fn read<'p>(pem: &'p Pem, what: &str) -> Result<(String, Cow<'p, [u8]>), Fault> {
    match pem {
        Pem::Given(bytes) => Ok((format!("the {what} given"), Cow::Borrowed(bytes))),
        Pem::File(file) => {
            let name = quoted(&file.to_string_lossy());
            match read_file(file) {
                Ok(bytes) => Ok((name, Cow::Owned(bytes))),
                Err(error) => Err(Fault::new(
                    "tls-unreadable",
                    format!("cannot read the {what} {name}"),
                    "TLS is turned on and needs it",
                )
                .with_cause(error)),
            }
        }
    }
}

fn read_file(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LONGEST {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB")),
        false => Ok(bytes),
    }
}

/// Returns the certificates in PEM, of which there must be one.
pub(super) fn certificates(name: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let hint = "a certificate begins with `-----BEGIN CERTIFICATE-----`";
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(Fault::new("no-certificate", format!("{name} holds no certificate"), hint)),
        // What is wrong is not told: the text may be a key.
        Err(_) => {
            Err(Fault::new("certificate-malformed", format!("{name} is not whole PEM"), hint))
        }
    }
}

fn private_key(
    name: &str,
    pem: &[u8],
    password: Option<&str>,
) -> Result<PrivateKeyDer<'static>, Fault> {
    let text = std::str::from_utf8(pem).unwrap_or_default();
    if let Some(encrypted) = encrypted(text) {
        return decrypted(name, encrypted, password);
    }
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Fault::new(
            "key-unusable",
            format!("{name} is a key with a password of the old kind"),
            "make it PKCS#8: `openssl pkcs8 -topk8 -in key.pem -out new.pem`",
        ));
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        Fault::new(
            "no-key",
            format!("{name} holds no private key"),
            "a key is PEM of PKCS#8, PKCS#1 or SEC1: `-----BEGIN … PRIVATE KEY-----`",
        )
    })
}

/// Finds a key with a password; what else stands in the file is not its business.
fn encrypted(text: &str) -> Option<&str> {
    let from = text.find(ENCRYPTED_BEGIN)?;
    let length = text[from..].find(ENCRYPTED_END)? + ENCRYPTED_END.len();
    Some(&text[from..from + length])
}

fn decrypted(
    name: &str,
    pem: &str,
    password: Option<&str>,
) -> Result<PrivateKeyDer<'static>, Fault> {
    let Some(password) = password else {
        return Err(Fault::new(
            "key-needs-password",
            format!("{name} is a key with a password, and none is given"),
            "give it with `key_password`, or take the password off the key",
        ));
    };
    let unusable = |what: &str| {
        Fault::new(
            "key-unusable",
            format!("{name} is a key whose encryption {what}"),
            "make it anew with PBES2: `openssl pkcs8 -topk8 -in key.pem -out new.pem`",
        )
    };
    let wrong = || {
        Fault::new(
            "wrong-key-password",
            format!("the password does not open the key {name}"),
            "is it the password of this key?",
        )
    };
    let (_, document) = SecretDocument::from_pem(pem).map_err(|_| unusable("cannot be read"))?;
    let sealed = EncryptedPrivateKeyInfo::try_from(document.as_bytes())
        .map_err(|_| unusable("cannot be read"))?;
    // Padding that comes out right by chance leaves nonsense: that is no key, either.
    let opened = sealed.decrypt(password).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. }) => {
            unusable("is of a kind that cannot be opened")
        }
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::AlgorithmParametersInvalid {
            ..
        }) => unusable("cannot be read"),
        _ => wrong(),
    })?;
    Ok(PrivatePkcs8KeyDer::from(opened.as_bytes().to_vec()).into())
}
