//! Certificates and keys for tests with TLS, made when they are needed.
//!
//! `rcgen` signs, `openssl` makes the RSA keys and brings keys into the forms that people have
//! them in: what a client must read is then written by another program than its own.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

use crate::engine::{PATH, find_program};

/// The password of the keys that have one, with what is awkward in many places.
pub const KEY_PASSWORD: &str = "planted key pass";

/// The one name that the engine's certificate is for.
pub const SERVER_NAME: &str = "127.0.0.1";

/// The only program that is needed.
pub(crate) const PROGRAM: &str = "openssl";

/// Which certificate an engine shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// One that is good for [`SERVER_NAME`].
    Good,
    /// One that was good for it and has expired.
    Expired,
}

/// Who a client claims to be, and the form of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// An elliptic-curve key as PKCS#8.
    Pkcs8,
    /// The same key as SEC1.
    Sec1,
    /// The same key as PKCS#8 with [`KEY_PASSWORD`].
    Encrypted,
    /// An RSA key as PKCS#8.
    RsaPkcs8,
    /// The same key as PKCS#1.
    Pkcs1,
    /// The same key as PKCS#8 with [`KEY_PASSWORD`].
    RsaEncrypted,
    /// Of the engine's CA, but of the past.
    Expired,
    /// Of a CA that the engine does not know.
    Foreign,
}

impl Identity {
    /// All with which an engine lets a client in.
    pub const GOOD: [Self; 6] =
        [Self::Pkcs8, Self::Sec1, Self::Encrypted, Self::RsaPkcs8, Self::Pkcs1, Self::RsaEncrypted];

    fn folder(self) -> &'static str {
        match self {
            Self::Pkcs8 => "pkcs8",
            Self::Sec1 => "sec1",
            Self::Encrypted => "encrypted",
            Self::RsaPkcs8 => "rsa-pkcs8",
            Self::Pkcs1 => "pkcs1",
            Self::RsaEncrypted => "rsa-encrypted",
            Self::Expired => "expired",
            Self::Foreign => "foreign",
        }
    }
}

/// A folder with the certificates of an engine and of its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certs {
    folder: PathBuf,
}

impl Certs {
    /// Makes all of them in a folder that is not there yet.
    ///
    /// # Errors
    ///
    /// If a file cannot be written or `openssl` fails.
    pub fn make(folder: &Path, shown: Shown) -> io::Result<Self> {
        let certs = Self { folder: folder.to_owned() };
        fs::create_dir_all(folder)?;
        let (ca, other) = (authority("tests CA")?, authority("another CA")?);
        fs::write(certs.ca(), ca.pem())?;
        fs::write(certs.foreign_ca(), other.pem())?;

        let from_to = match shown {
            Shown::Good => (2000, 2100),
            Shown::Expired => (2000, 2001),
        };
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let server = leaf(ExtendedKeyUsagePurpose::ServerAuth, from_to, &key, &ca)?;
        certs.write("server", &server, &key.serialize_pem())?;

        let client = |from_to, key: &KeyPair, issuer: &Issuer| {
            leaf(ExtendedKeyUsagePurpose::ClientAuth, from_to, key, issuer)
        };
        let ec = key_in(&openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", P256], "")?)?;
        let rsa = key_in(&openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", BITS], "")?)?;
        for (key, plain, old, as_old, sealed) in [
            (&ec, Identity::Pkcs8, Identity::Sec1, "ec", Identity::Encrypted),
            (&rsa, Identity::RsaPkcs8, Identity::Pkcs1, "rsa", Identity::RsaEncrypted),
        ] {
            let certificate = client((2000, 2100), key, &ca)?;
            let pem = key.serialize_pem();
            certs.write(plain.folder(), &certificate, &pem)?;
            let words: &[&str] = if as_old == "rsa" { &["rsa", "-traditional"] } else { &["ec"] };
            certs.write(old.folder(), &certificate, &openssl(words, &pem)?)?;
            let password = format!("pass:{KEY_PASSWORD}");
            let words = ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", &password];
            certs.write(sealed.folder(), &certificate, &openssl(&words, &pem)?)?;
        }
        for (identity, from_to, issuer) in
            [(Identity::Expired, (2000, 2001), &ca), (Identity::Foreign, (2000, 2100), &other)]
        {
            let certificate = client(from_to, &ec, issuer)?;
            certs.write(identity.folder(), &certificate, &ec.serialize_pem())?;
        }
        Ok(certs)
    }

    /// Tells whether this machine can make them.
    pub fn can_be_made() -> bool {
        find_program(PROGRAM).is_some()
    }

    /// Returns the certificate of the CA of the engine and its clients.
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Returns the certificate of a CA that signed none of the engine's.
    pub fn foreign_ca(&self) -> PathBuf {
        self.folder.join("foreign-ca.pem")
    }

    /// Returns a folder as the Docker command has it: `ca.pem`, `cert.pem` and `key.pem`.
    pub fn client(&self, identity: Identity) -> PathBuf {
        self.folder.join(identity.folder())
    }

    fn write(&self, name: &str, certificate: &str, key: &str) -> io::Result<()> {
        let folder = self.folder.join(name);
        fs::create_dir(&folder)?;
        fs::copy(self.ca(), folder.join("ca.pem"))?;
        fs::write(folder.join("cert.pem"), certificate)?;
        fs::write(folder.join("key.pem"), key)
    }
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

const P256: &str = "ec_paramgen_curve:P-256";
const BITS: &str = "rsa_keygen_bits:2048";

fn authority(name: &str) -> io::Result<Issuer> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    Issuer::self_signed(params, key).map_err(io::Error::other)
}

fn leaf(
    usage: ExtendedKeyUsagePurpose,
    (from, to): (i32, i32),
    key: &KeyPair,
    issuer: &Issuer,
) -> io::Result<String> {
    let mut params = CertificateParams::default();
    if usage == ExtendedKeyUsagePurpose::ServerAuth {
        let address = SERVER_NAME.parse().map_err(io::Error::other)?;
        params.subject_alt_names = vec![SanType::IpAddress(address)];
    }
    params.distinguished_name.push(DnType::CommonName, "tests");
    params.extended_key_usages = vec![usage];
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    Ok(params.signed_by(key, issuer).map_err(io::Error::other)?.pem())
}

fn key_in(pem: &str) -> io::Result<KeyPair> {
    KeyPair::from_pem(pem).map_err(io::Error::other)
}

/// Runs `openssl` with some input, and returns its output.
fn openssl(words: &[&str], input: &str) -> io::Result<String> {
    use io::Write as _;
    let mut child = Command::new(PROGRAM)
        .args(words)
        .env_clear()
        .env("PATH", PATH)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // What generates a key reads nothing.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!("`openssl {}` failed: {said}", words[0])));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.folder())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_the_form_it_is_named_for() {
        if !Certs::can_be_made() {
            return crate::skip("there is no openssl");
        }
        let folder = tempfile::tempdir().unwrap();
        let certs = Certs::make(&folder.path().join("tls"), Shown::Good).unwrap();
        for (identity, label) in [
            (Identity::Pkcs8, "PRIVATE KEY"),
            (Identity::Sec1, "EC PRIVATE KEY"),
            (Identity::Encrypted, "ENCRYPTED PRIVATE KEY"),
            (Identity::RsaPkcs8, "PRIVATE KEY"),
            (Identity::Pkcs1, "RSA PRIVATE KEY"),
            (Identity::RsaEncrypted, "ENCRYPTED PRIVATE KEY"),
        ] {
            let key = fs::read_to_string(certs.client(identity).join("key.pem")).unwrap();
            assert!(key.starts_with(&format!("-----BEGIN {label}-----")), "{identity}: {key}");
        }
    }
}
