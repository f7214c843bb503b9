//! Which certificates of an engine are taken.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::identity::{certificates, read};
use super::{Fault, Tls};

/// Makes what judges the engine's certificate.
pub(super) fn verifier(
    tls: &Tls,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Fault> {
    if tls.skip_verify {
        return Ok(Arc::new(Any { provider: provider.clone() }));
    }
    let mut given = Vec::new();
    let roots = match &tls.ca {
        None => of_system()?,
        Some(pem) => {
            let (name, bytes) = read(pem, "CA")?;
            let mut roots = RootCertStore::empty();
            given = certificates(&name, &bytes)?;
            for certificate in &given {
                roots.add(certificate.clone()).map_err(|error| {
                    Fault::new(
                        "certificate-malformed",
                        format!("{name} holds a certificate that cannot be read"),
                        "is it the certificate of a CA, and whole?",
                    )
                    .with_cause(error)
                })?;
            }
            roots
        }
    };
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map(|judge| Arc::new(Trusted { judge, given }) as Arc<dyn ServerCertVerifier>)
        .map_err(|error| Fault::new("no-system-roots", error.to_string(), NAME_A_CA))
}

const NAME_A_CA: &str = "name the engine's CA, or install those of the system (`ca-certificates`)";

fn of_system() -> Result<RootCertStore, Fault> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // What cannot be read is passed over, as everybody does: systems carry odd ones.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let fault = Fault::new("no-system-roots", "this system has no CA certificates", NAME_A_CA);
        return Err(match found.errors.into_iter().next() {
            Some(error) => fault.with_cause(error),
            None => fault,
        });
    }
    Ok(roots)
}

/// Takes what CAs have signed, and a certificate that was given itself.
///
/// One that an engine made for itself often says that it is a CA, which a server's must not be; but
/// who names just that one trusts it, as with Go and OpenSSL. What else it is for is not looked at:
/// who has its key could sign another.
#[derive(Debug)]
struct Trusted {
    judge: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let judged = self.judge.verify_server_cert(certificate, others, name, ocsp, now);
        match &judged {
            // Found out after whether it is valid now, and before whom it is for.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(other)))
                if other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
                    && self.given.contains(certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

/// Takes any certificate; whoever shows it must have its key.
#[derive(Debug)]
struct Any {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
