//! RFC 7591 §2 (`jwks`, `jwks_uri`) and RFC 8705 §2.1.2: what a client proves itself with.

use cloakroom_jose::{Jwks, KeyError};
use cloakroom_model::registration::{AuthenticationMethod, CertificateName, ClientKeys};

use super::members::{Members, invalid};
use crate::client_certificate;
use crate::error::Error;

pub(super) fn client_keys(members: &Members) -> Result<Option<ClientKeys>, Error> {
    let at = members.address("jwks_uri")?;
    match (members.value("jwks"), at) {
        (None, None) => Ok(None),
        (None, Some(at)) => Ok(Some(ClientKeys::At(at))),
        (Some(_), Some(_)) => Err(invalid("jwks", "jwks and jwks_uri cannot both be there")),
        (Some(set), None) => {
            let text = set.to_string();
            let keys = Jwks::from_json(text.as_bytes())
                .map_err(|why| invalid("jwks", &why.to_string()))?;
            // A key that holds more than its public half has been published with this very request.
            let lost = |why: &&KeyError| matches!(why, KeyError::Private | KeyError::Symmetric);
            if let Some(why) = keys.skipped().iter().find(lost) {
                return Err(invalid("jwks", &why.to_string()));
            }
            if keys.keys().is_empty() {
                return Err(invalid("jwks", "expected at least one key to sign with"));
            }
            Ok(Some(ClientKeys::Set(text)))
        }
    }
}

type Kind = fn(String) -> CertificateName;

const KINDS: [(&str, Kind); 5] = [
    ("tls_client_auth_subject_dn", CertificateName::SubjectDn),
    ("tls_client_auth_san_dns", CertificateName::SanDns),
    ("tls_client_auth_san_uri", CertificateName::SanUri),
    ("tls_client_auth_san_ip", CertificateName::SanIp),
    ("tls_client_auth_san_email", CertificateName::SanEmail),
];

pub(super) fn certificate_name(
    members: &Members,
    method: AuthenticationMethod,
) -> Result<Option<CertificateName>, Error> {
    let mut found = None;
    for (member, kind) in KINDS {
        let Some(text) = members.text(member)? else { continue };
        if found.is_some() {
            return Err(invalid(
                member,
                "a certificate is known by one name, and another is there",
            ));
        }
        let name = kind(text.to_owned());
        if !client_certificate::can_be_registered(&name) {
            return Err(invalid(member, "no certificate can have this name"));
        }
        found = Some(name);
    }
    // Beside another method a name means nothing.
    Ok(found.filter(|_| method == AuthenticationMethod::TlsClientAuth))
}
