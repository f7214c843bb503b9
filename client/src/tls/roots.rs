//! Which certificates of an engine are taken.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};

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
    let roots = match &tls.ca {
        None => of_system()?,
        Some(pem) => {
            let (name, bytes) = read(pem, "CA")?;
            let mut roots = RootCertStore::empty();
            for certificate in certificates(&name, &bytes)? {
                roots.add(certificate).map_err(|error| {
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
        .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
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
