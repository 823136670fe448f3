//! OpenID Connect Core 1.0 §8.1: what a client calls its users, where no two sectors shall find out that they have one in
//! common.
//!
//! A name is an HMAC of sector and user, so it is the same for ever and nothing is stored; who has the key can find out
//! who is meant by trying all users. The key must therefore never change: with another one, every client loses its users.

use std::ops::Deref;

use aws_lc_rs::hmac;
use cloakroom_jose::{base64url, strict_json};
use cloakroom_model::id::UserId;
use cloakroom_model::registration::Subjects;

use crate::uri::Absolute;

/// Tells this use of a key from every other.
const LABEL: &[u8] = b"cloakroom pairwise subject 1";

/// The longest list of a sector's redirect URIs that is read.
pub const MAX_LIST_BYTES: usize = 64 * 1024;

/// What a client that registered `subjects` calls `user`. The same text each time. The key is asked for where it is needed.
#[must_use]
pub fn name<K>(subjects: &Subjects, user: UserId, key: impl FnOnce() -> K) -> String
where
    K: Deref<Target = [u8; 32]>,
{
    match subjects {
        Subjects::Public => user.to_string(),
        Subjects::Pairwise { sector, .. } => pairwise(&key(), sector, user),
    }
}

/// What the clients of a sector call `user`: 43 letters of base64url.
#[must_use]
pub fn pairwise(key: &[u8; 32], sector: &str, user: UserId) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(LABEL);
    context.update(user.as_bytes());
    // Last, because it alone has no fixed length.
    context.update(sector.as_bytes());
    base64url::encode(context.sign().as_ref())
}

/// Whether a text is such a name, which neither a user's own id nor any other subject can be.
#[must_use]
pub fn is_pairwise(text: &str) -> bool {
    text.len() == 43 && base64url::decode(text).is_ok_and(|name| name.len() == 32)
}

/// The sector of a client that registers `redirect_uris`, and perhaps where its sector lists them: a host.
pub fn sector(redirect_uris: &[String], listed_at: Option<&str>) -> Result<String, NoSector> {
    if let Some(uri) = listed_at {
        let uri = Absolute::parse(uri).map_err(|_| NoSector::NotHttps)?;
        return match (uri.scheme(), uri.host()) {
            ("https", Some(host)) => Ok(host.to_owned()),
            _ => Err(NoSector::NotHttps),
        };
    }
    let mut hosts = redirect_uris.iter().map(|uri| {
        let uri = Absolute::parse(uri).ok()?;
        // A scheme of an application's own has no host that anybody owns.
        uri.host().filter(|_| matches!(uri.scheme(), "https" | "http")).map(str::to_owned)
    });
    let first = hosts.next().flatten().ok_or(NoSector::NoHost)?;
    if hosts.all(|host| host.as_ref() == Some(&first)) { Ok(first) } else { Err(NoSector::Several) }
}

/// Whether the document at a `sector_identifier_uri`, an array of texts, lists every one of `redirect_uris`.
pub fn is_listed(document: &[u8], redirect_uris: &[String]) -> Result<(), NoSector> {
    if document.len() > MAX_LIST_BYTES || strict_json::check(document, 1).is_err() {
        return Err(NoSector::NotAList);
    }
    let listed: Vec<String> = serde_json::from_slice(document).map_err(|_| NoSector::NotAList)?;
    if redirect_uris.iter().all(|uri| listed.contains(uri)) {
        Ok(())
    } else {
        Err(NoSector::NotListed)
    }
}

/// Why a client has no sector.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoSector {
    /// Of its redirect URIs none has a host, or there is none.
    #[error("pairwise subjects need a redirect_uri with a host, or a sector_identifier_uri")]
    NoHost,
    /// Its redirect URIs are on several hosts.
    #[error(
        "the redirect_uris are on several hosts; a sector_identifier_uri must say that they belong together"
    )]
    Several,
    /// The list would cross a network in the clear.
    #[error("a sector_identifier_uri must be https")]
    NotHttps,
    /// What is there is no list.
    #[error("the sector_identifier_uri does not give a JSON array of texts")]
    NotAList,
    /// A redirect URI of the client is not on it.
    #[error("the sector_identifier_uri does not list every redirect_uri of the client")]
    NotListed,
}

#[cfg(test)]
mod tests {
    use cloakroom_model::time::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn user(number: u8) -> UserId {
        UserId::new(Timestamp(1), [number; 10])
    }

    fn uris(uris: &[&str]) -> Vec<String> {
        uris.iter().map(|&uri| uri.to_owned()).collect()
    }

    #[test]
    fn a_name_is_the_same_each_time_and_tells_sectors_nothing() {
        let name = pairwise(&[1; 32], "app.example", user(1));
        assert_eq!(name, pairwise(&[1; 32], "app.example", user(1)));
        // A change of this text would take every client's users away from it.
        assert_eq!(name, "NH1y92NhEo-C7_MCDGWpjaVuBICfldj-Z0wyktUzgx0");
        for other in [
            pairwise(&[1; 32], "other.example", user(1)),
            pairwise(&[1; 32], "app.example", user(2)),
            pairwise(&[2; 32], "app.example", user(1)),
            user(1).to_string(),
        ] {
            assert_ne!(name, other);
        }
    }

    #[test]
    fn each_client_calls_its_users_what_it_registered() {
        let pair = Subjects::Pairwise { sector: "app.example".into(), listed_at: None };
        let key = [1; 32];
        let unasked = || -> &[u8; 32] { unreachable!("a public name needs no key") };
        assert_eq!(name(&Subjects::Public, user(1), unasked), user(1).to_string());
        assert_eq!(name(&pair, user(1), || &key), pairwise(&key, "app.example", user(1)));
    }

    #[test]
    fn a_sector_is_one_host() {
        let one = uris(&["https://app.example/cb", "https://app.example:8443/other"]);
        assert_eq!(sector(&one, None).unwrap(), "app.example");
        let two = uris(&["https://app.example/cb", "https://other.example/cb"]);
        assert_eq!(sector(&two, None), Err(NoSector::Several));
        assert_eq!(sector(&two, Some("https://sector.example/list")).unwrap(), "sector.example");
        assert_eq!(sector(&two, Some("http://sector.example/list")), Err(NoSector::NotHttps));
        assert_eq!(sector(&uris(&["com.app:/cb"]), None), Err(NoSector::NoHost));
        assert_eq!(sector(&uris(&["com.app://app.example/cb"]), None), Err(NoSector::NoHost));
        assert_eq!(sector(&[], None), Err(NoSector::NoHost));
        let mixed = uris(&["https://app.example/cb", "com.app:/cb"]);
        assert_eq!(sector(&mixed, None), Err(NoSector::Several));
    }

    #[test]
    fn a_list_names_every_redirect_uri() {
        let mine = uris(&["https://app.example/cb"]);
        assert_eq!(
            is_listed(br#"["https://app.example/cb","https://b.example/cb"]"#, &mine),
            Ok(())
        );
        for (document, why) in [
            (&br#"["https://b.example/cb"]"#[..], NoSector::NotListed),
            (b"[]", NoSector::NotListed),
            (b"{}", NoSector::NotAList),
            (b"[1]", NoSector::NotAList),
            (b"[[\"https://app.example/cb\"]]", NoSector::NotAList),
            (b"<html>", NoSector::NotAList),
        ] {
            assert_eq!(is_listed(document, &mine), Err(why));
        }
    }

    proptest! {
        #[test]
        fn two_users_or_two_sectors_never_share_a_name(
            one in ("[a-z.]{1,20}", any::<[u8; 10]>()), other in ("[a-z.]{1,20}", any::<[u8; 10]>())
        ) {
            let of = |(sector, random): &(String, [u8; 10])| {
                pairwise(&[7; 32], sector, UserId::new(Timestamp(1), *random))
            };
            let user = |random| UserId::new(Timestamp(1), random);
            let same = one.0 == other.0 && user(one.1) == user(other.1);
            prop_assert_eq!(of(&one) == of(&other), same);
        }
    }
}
