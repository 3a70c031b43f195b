//! Encryption on the way to PostgreSQL, and whom it believes to be PostgreSQL.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// What a URL says about encryption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Encryption {
    pub(super) mode: Mode,
    /// The certificates that are believed instead of those that browsers believe.
    roots: Option<PathBuf>,
}

/// How much is asked of the server: the words of `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing is encrypted.
    Disable,
    /// Encrypted where the server can do it. Nobody's identity is looked at.
    #[default]
    Prefer,
    /// Encrypted. The server's identity is looked at when `sslrootcert` says whom to believe.
    Require,
    /// Encrypted, and the server is the one that the URL names.
    VerifyFull,
}

impl Encryption {
    /// Takes what a URL says about encryption out of it, since the driver does not know all of it.
    pub(super) fn taken_from(url: &str) -> Result<(String, Self)> {
        let mut encryption = Self::default();
        let Some((place, query)) = url.split_once('?') else { return Ok((url.to_owned(), encryption)) };
        let mut rest = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("sslmode", word)) => encryption.mode = mode(word)?,
                Some(("sslrootcert", "system")) => encryption.roots = None,
                Some(("sslrootcert", path)) => encryption.roots = Some(PathBuf::from(path)),
                _ => rest.push(pair),
            }
        }
        let url = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        Ok((url, encryption))
    }

    /// What the driver has to know.
    pub(super) const fn ssl_mode(&self) -> SslMode {
        match self.mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyFull => SslMode::Require,
        }
    }

    /// What encrypts.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(Error::failed)?;
        let believes_all = match self.mode {
            Mode::Disable | Mode::Prefer => true,
            Mode::Require => self.roots.is_none(),
            Mode::VerifyFull => false,
        };
        let config = if believes_all {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider))).with_no_client_auth()
        } else {
            builder.with_root_certificates(self.root_certificates()?).with_no_client_auth()
        };
        Ok(MakeRustlsConnect::new(config))
    }

    fn root_certificates(&self) -> Result<RootCertStore> {
        let Some(path) = &self.roots else {
            return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
        };
        let unread = |error: &dyn std::fmt::Display| Error::failed(format!("{}: {error}", path.display()));
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unread(&error))? {
            roots.add(certificate.map_err(|error| unread(&error))?).map_err(|error| unread(&error))?;
        }
        if roots.is_empty() { Err(unread(&"there is no certificate in it")) } else { Ok(roots) }
    }
}

fn mode(word: &str) -> Result<Mode> {
    match word {
        "disable" => Ok(Mode::Disable),
        "prefer" => Ok(Mode::Prefer),
        "require" => Ok(Mode::Require),
        "verify-full" => Ok(Mode::VerifyFull),
        _ => Err(Error::failed("`sslmode` must be disable, prefer, require or verify-full")),
    }
}

/// Believes everybody: what `prefer` and `require` promise is that nobody who only listens can read.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_about_encryption_is_taken_out_of_the_url() {
        let (url, encryption) =
            Encryption::taken_from("postgres://h/d?sslmode=verify-full&connect_timeout=3&sslrootcert=/a/b.pem")
                .expect("a URL");
        assert_eq!(url, "postgres://h/d?connect_timeout=3");
        assert_eq!(encryption, Encryption { mode: Mode::VerifyFull, roots: Some(PathBuf::from("/a/b.pem")) });
        assert_eq!(Encryption::taken_from("postgres://h/d?sslmode=disable").expect("a URL").0, "postgres://h/d");
        assert!(Encryption::taken_from("postgres://h/d?sslmode=verify-ca").is_err());
    }
}
