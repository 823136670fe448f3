//! RFC 9440: the certificate that a client showed, to this server or to a trusted proxy in front of it.
//!
//! A proxy that ends TLS writes the certificate into a header, and only a trusted proxy is believed. It is believed
//! about one thing, that the client proved to hold the key: whether an authority vouches for the certificate is always
//! looked at here.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cloakroom_engine::client_authentication::Shown;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::client_certificate::Certificate;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::client_address;
use crate::tls::ShownChain;
use crate::tls::authorities::Authorities;

const CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// The certificate that a request's client showed, and proved to hold the key of. Cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientCertificate {
    /// The certificates in DER, the client's own first; at least one.
    pub chain: Arc<[CertificateDer<'static>]>,
    /// Whether an authority of the operator's vouches for it. Without that it says nothing about whose it is.
    pub verified: bool,
}

impl ClientCertificate {
    /// The client's own certificate, in DER.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        self.chain.first().map_or(&[], |leaf| leaf)
    }

    /// The certificate of a request that has passed here, where it is one that can be read.
    #[must_use]
    pub fn shown(extensions: &Extensions) -> Option<Shown> {
        let shown = extensions.get::<Self>()?;
        let certificate = Certificate::from_der(shown.leaf()).ok()?;
        Some(Shown { certificate, vouched_for: shown.verified })
    }
}

/// Whose word is taken about client certificates.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The header in which trusted proxies write it.
    pub header: Option<HeaderName>,
    /// Who vouches for certificates.
    pub authorities: Option<Authorities>,
}

impl Sources {
    /// The certificate of a request that `peer` sent at this time.
    #[must_use]
    pub fn of(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        extensions: &Extensions,
        trusted: &[IpNet],
        now: Timestamp,
    ) -> Option<ClientCertificate> {
        let by_proxy = self.header.as_ref().filter(|_| client_address::is_trusted(peer, trusted));
        let chain = match by_proxy {
            // What a proxy shows of itself is not its client's.
            Some(header) => forwarded(headers, header)?,
            None => extensions.get::<ShownChain>()?.0.clone(),
        };
        let verified = self.authorities.as_ref().is_some_and(|them| them.vouch_for(&chain, now));
        Some(ClientCertificate { chain, verified })
    }
}

/// What a proxy wrote. A header that is there twice, or holds something else, is nobody's certificate.
fn forwarded(headers: &HeaderMap, name: &HeaderName) -> Option<Arc<[CertificateDer<'static>]>> {
    let mut lines = headers.get_all(name).iter();
    let (line, None) = (lines.next()?, lines.next()) else { return unread(name) };
    let Ok(text) = line.to_str().map(str::trim) else { return unread(name) };
    if text.is_empty() {
        // As nginx writes that there is none.
        return None;
    }
    let chain = if text.starts_with(':') { items(text, headers) } else { escaped_pem(text) };
    match chain {
        Some(chain) if !chain.is_empty() => Some(chain.into()),
        _ => unread(name),
    }
}

fn unread<T>(name: &HeaderName) -> Option<T> {
    tracing::warn!(header = %name, "a trusted proxy wrote something else than one certificate");
    None
}

/// RFC 9440 §2: the certificate, and in a header of its own those of its issuers.
fn items(leaf: &str, headers: &HeaderMap) -> Option<Vec<CertificateDer<'static>>> {
    let mut chain = vec![byte_sequence(leaf)?];
    for line in headers.get_all(CHAIN) {
        for item in HeaderValue::to_str(line).ok()?.split(',') {
            chain.push(byte_sequence(item.trim())?);
        }
    }
    Some(chain)
}

/// RFC 9651 §3.3.5, §4.2.7: base64 between colons, whose padding may be missing.
fn byte_sequence(text: &str) -> Option<CertificateDer<'static>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let inner = text.strip_prefix(':')?.strip_suffix(':')?;
    let bytes = LENIENT.decode(inner).ok()?;
    (!bytes.is_empty()).then(|| CertificateDer::from(bytes))
}

/// PEM with what a header cannot hold escaped by percent signs: nginx's `$ssl_client_escaped_cert`.
fn escaped_pem(text: &str) -> Option<Vec<CertificateDer<'static>>> {
    let mut pem = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        pem.push(match byte {
            b'%' => {
                let digits =
                    [bytes.next()?, bytes.next()?].map(|digit| char::from(digit).to_digit(16));
                let [Some(high), Some(low)] = digits else { return None };
                u8::try_from(high << 4 | low).ok()?
            }
            byte => byte,
        });
    }
    CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().ok()
}
