//! Client ID Metadata Document (draft-ietf-oauth-client-id-metadata-document, §3, §4): a client whose name is the address of
//! a document about it, so that it need not register.
//!
//! Anybody can put up such a document: what it says of itself is shown to people beside the host that it lies at, and it
//! holds no secret that the server would have to keep. Fetching it, and from where that is allowed, is for others.

use cloakroom_model::client::Client;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, RegisteredBy};
use cloakroom_model::time::Timestamp;

use crate::error::{Code, Error};
use crate::registration_request::{self, Members, Offer};
use crate::uri::Absolute;

/// The longest document that is read, in bytes, which is what the draft recommends.
pub const MAX_BYTES: usize = 5 * 1024;

/// Whether a client's name says that it is an address of this kind, good or not.
#[must_use]
pub fn is_address(client: &ClientId) -> bool {
    client.as_str().starts_with("https://")
}

/// Where the document about `client` lies (§3): a `https` URL with a path, in its one spelling, without user, query or
/// fragment. That nothing in it is `.` or `..` follows from the one spelling.
pub fn address(client: &ClientId) -> Result<&str, Error> {
    let text = client.as_str();
    let url = Absolute::parse(text).ok().filter(|url| {
        let path = text.splitn(4, '/').nth(3).unwrap_or_default();
        url.scheme() == "https"
            && url.host().is_some()
            && !path.is_empty()
            && !text.contains(['?', '#'])
    });
    url.map(|_| text).ok_or_else(|| {
        Error::new(Code::InvalidClient, "client_id is not the address of a document about a client")
    })
}

/// Reads the document that lay at `client`'s address at `now` (§4). `by` says how it came here.
pub fn read(
    client: &ClientId,
    document: &[u8],
    offer: &Offer<'_>,
    by: RegisteredBy,
    now: Timestamp,
) -> Result<Client, Error> {
    address(client)?;
    let refused = |why: &'static str| Error::new(Code::InvalidClientMetadata, why);
    if document.len() > MAX_BYTES {
        return Err(refused("the document about the client is too long"));
    }
    let members = Members::parse(document)?;
    // §4.1: whoever copies a document to another address does not become its client.
    if members.text("client_id")? != Some(client.as_str()) {
        return Err(refused("client_id: expected the address at which the document lies"));
    }
    if members.has("client_secret") || members.has("client_secret_expires_at") {
        return Err(refused("client_secret: what everybody can read is no secret"));
    }
    let metadata = registration_request::metadata(&members, offer, AuthenticationMethod::None)?;
    if metadata.registration.method.needs_secret() {
        return Err(refused("token_endpoint_auth_method: there is no secret that both could know"));
    }
    if metadata.listed_at.is_some() {
        return Err(refused("sector_identifier_uri: the document is all that is read of a client"));
    }
    registration_request::of_its_own_accord(&metadata)?;
    Ok(metadata.into_client(client.clone(), None, by, now))
}

#[cfg(test)]
mod tests {
    use cloakroom_jose::Algorithms;
    use cloakroom_model::registration::GrantType;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const CLIENT: &str = "https://app.example/oauth/client.json";
    const BY: RegisteredBy =
        RegisteredBy::Document { read_at: Timestamp(7), fresh_until: Timestamp(8) };

    fn document() -> Value {
        json!({
            "client_id": CLIENT,
            "client_name": "App",
            "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/cb"],
            "grant_types": ["authorization_code", "refresh_token"],
        })
    }

    fn read_at(client: &str, document: &Value) -> Result<Client, Error> {
        let scopes = ["openid".to_owned()];
        let offer = Offer { scopes: &scopes, signing: Algorithms::ASYMMETRIC };
        let client = ClientId::parse(client).unwrap();
        read(&client, document.to_string().as_bytes(), &offer, BY, Timestamp(7))
    }

    #[test]
    fn a_document_makes_a_public_client() {
        let client = read_at(CLIENT, &document()).unwrap();
        assert_eq!((client.id.as_str(), client.name.as_str()), (CLIENT, "App"));
        assert_eq!(client.registration.method, AuthenticationMethod::None);
        assert_eq!(client.registration.by, BY);
        assert_eq!(client.scopes, ["openid"]);
        assert!(client.registration.grant_types.contains(&GrantType::RefreshToken));
        assert!(!client.first_party && !client.is_confidential());
    }

    #[test]
    fn a_document_says_nothing_of_another_client_and_holds_no_secret() {
        for (member, value) in [
            ("client_id", json!("https://app.example/oauth/client.json/")),
            ("client_id", json!("https://other.example/oauth/client.json")),
            ("client_id", Value::Null),
            ("client_secret", json!("hunter2")),
            ("client_secret_expires_at", json!(0)),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("client_secret_post")),
            ("token_endpoint_auth_method", json!("client_secret_jwt")),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("software_statement", json!("a.b.c")),
            ("grant_types", json!(["client_credentials"])),
            ("sector_identifier_uri", json!("https://app.example/sector.json")),
            ("client_name", json!("x".repeat(MAX_BYTES))),
        ] {
            let mut document = document();
            document[member] = value.clone();
            assert!(read_at(CLIENT, &document).is_err(), "{member}: {value}");
        }
        let mut with_keys = document();
        with_keys["token_endpoint_auth_method"] = json!("private_key_jwt");
        with_keys["jwks_uri"] = json!("https://app.example/jwks.json");
        assert!(read_at(CLIENT, &with_keys).is_ok());
    }

    #[test]
    fn an_address_is_https_with_a_path_in_one_spelling() {
        for good in [CLIENT, "https://app.example/c", "https://app.example:8443/c/"] {
            let client = ClientId::parse(good).unwrap();
            assert_eq!(address(&client).unwrap(), good);
        }
        for bad in [
            "https://app.example",
            "https://app.example/",
            "http://app.example/c",
            "https://APP.example/c",
            "https://app.example:443/c",
            "https://app.example/a/../c",
            "https://app.example/./c",
            "https:/app.example/c",
            "https://0x7f.1/c",
            "app.example/c",
            "shop",
        ] {
            let client = ClientId::parse(bad).unwrap();
            assert_eq!(address(&client).unwrap_err().code, Code::InvalidClient, "{bad}");
        }
        assert!(!is_address(&ClientId::built_in()));
        assert!(is_address(&ClientId::parse("https://x").unwrap()));
    }

    proptest! {
        #[test]
        fn no_document_breaks_the_reader(bytes: Vec<u8>) {
            let offer = Offer { scopes: &[], signing: Algorithms::ASYMMETRIC };
            let client = ClientId::parse(CLIENT).unwrap();
            prop_assert!(read(&client, &bytes, &offer, BY, Timestamp(0)).is_err());
        }
    }
}
