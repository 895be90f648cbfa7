//! Failed TLS handshakes, in words. Nothing of a request is sent before the handshake is complete.

use rustls::{CertificateError, Error as TlsError};
use std::error::Error;
use std::io;

/// The reason of a failed handshake. Nothing for an error of another kind.
pub(super) fn reason(error: &reqwest::Error) -> Option<String> {
    if !error.is_connect() {
        return None;
    }
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<TlsError>() {
            return Some(describe(found));
        }
        // An I/O error hides the error that it was created from, and names that error's source as its own.
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn describe(error: &TlsError) -> String {
    let TlsError::InvalidCertificate(reason) = error else {
        return format!("the TLS handshake failed: {error}");
    };
    let words = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet"
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "is signed by an unknown authority, or self-signed"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another host"
        }
        CertificateError::Revoked => "is revoked",
        other => return format!("the certificate is not valid: {other}"),
    };
    format!("the certificate {words}")
}
