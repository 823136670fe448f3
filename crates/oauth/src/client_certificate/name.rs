//! RFC 8705 §2.1.2, RFC 4514, RFC 4518: whether a certificate is for a name that a client registered.

use std::net::IpAddr;
use std::str::FromStr as _;

use cloakroom_model::registration::CertificateName;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Encode as _, Tag, Tagged as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::RdnSequence;

/// The longest name that is registered, in bytes.
const MAX_BYTES: usize = 1024;

pub(super) fn is_for(certificate: &TbsCertificate, name: &CertificateName) -> bool {
    if let CertificateName::SubjectDn(text) = name {
        let subject = certificate.subject().as_ref();
        return !subject.is_empty() && distinguished(text).is_some_and(|it| it == words(subject));
    }
    // A certificate whose alternative names cannot be read, or are there twice, has none.
    let names = certificate.get_extension::<SubjectAltName>().ok().flatten();
    let Some((_, SubjectAltName(names))) = names else { return false };
    names.iter().any(|found| match (name, found) {
        (CertificateName::SanDns(text), GeneralName::DnsName(found)) => {
            found.as_str().eq_ignore_ascii_case(text)
        }
        (CertificateName::SanUri(text), GeneralName::UniformResourceIdentifier(found)) => {
            found.as_str() == text
        }
        (CertificateName::SanIp(text), GeneralName::IpAddress(found)) => {
            address(text).is_some_and(|octets| octets == found.as_bytes())
        }
        (CertificateName::SanEmail(text), GeneralName::Rfc822Name(found)) => {
            same_mailbox(found.as_str(), text)
        }
        _ => false,
    })
}

pub(super) fn can_be_registered(name: &CertificateName) -> bool {
    let (text, good) = match name {
        CertificateName::SubjectDn(text) => {
            (text, distinguished(text).is_some_and(|words| !words.is_empty()))
        }
        CertificateName::SanIp(text) => (text, address(text).is_some()),
        CertificateName::SanEmail(text) => (text, text.contains('@')),
        CertificateName::SanDns(text) | CertificateName::SanUri(text) => (text, true),
    };
    good && !text.is_empty() && text.len() <= MAX_BYTES
}

/// A distinguished name as it is compared: in its order, each part a set of attributes.
type Words = Vec<Vec<(ObjectIdentifier, Vec<u8>)>>;

fn distinguished(text: &str) -> Option<Words> {
    // The parser of names stops at the first empty part; one at an end would be dropped in silence.
    let whole = text.len() <= MAX_BYTES && !text.trim_ascii().is_empty();
    RdnSequence::from_str(text).ok().filter(|_| whole).map(|name| words(&name))
}

fn words(name: &RdnSequence) -> Words {
    name.iter()
        .map(|part| {
            let mut words: Vec<_> = part.iter().map(|it| (it.oid, word(it))).collect();
            words.sort_unstable();
            words
        })
        .collect()
}

/// RFC 4518, as far as names are written: letters in one case, and no more white space than one between two words. Values
/// of other kinds than text are compared as they are.
fn word(attribute: &AttributeTypeAndValue) -> Vec<u8> {
    let bytes = attribute.value.value();
    let is_text =
        matches!(attribute.value.tag(), Tag::PrintableString | Tag::Utf8String | Tag::Ia5String);
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => {
            let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
            words.join(" ").into_bytes()
        }
        // No text begins with this byte.
        _ => [&[0xFF], attribute.value.to_der().unwrap_or_default().as_slice()].concat(),
    }
}

fn address(text: &str) -> Option<Vec<u8>> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    })
}

/// RFC 5280 §7.5: only the part behind the `@` is compared without regard to case.
fn same_mailbox(one: &str, other: &str) -> bool {
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((local, host)), Some((other_local, other_host))) => {
            local == other_local && host.eq_ignore_ascii_case(other_host)
        }
        _ => false,
    }
}
