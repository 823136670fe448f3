//! Any bytes as what a client says of itself, when it registers and as a document at its own address: whatever it says, it
//! is somebody whom nobody has checked, gets no more than is on offer, names no place that answers may not go to, and what
//! it is told that it registered can be registered again.

#![no_main]

use std::sync::LazyLock;

use cloakroom_jose::Algorithms;
use cloakroom_model::client::Client;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{GrantType, RegisteredBy};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::registration_request::{self, Offer};
use cloakroom_oauth::{client_metadata_document, redirect, registration_response};
use libfuzzer_sys::fuzz_target;

const ADDRESS: &str = "https://app.test/client.json";
const NOW: Timestamp = Timestamp(1_000);
/// What is accepted; the seeds of this target.
const WEB: &[u8] = include_bytes!("../seeds/client_metadata/web");
const DOCUMENT: &[u8] = include_bytes!("../seeds/client_metadata/document");

static SCOPES: LazyLock<Vec<String>> =
    LazyLock::new(|| ["openid", "email", "offline_access"].map(str::to_owned).to_vec());
static SEEDS_ARE_ACCEPTED: LazyLock<bool> =
    LazyLock::new(|| registered(WEB).is_some() && fetched(DOCUMENT).is_some());

fuzz_target!(|bytes: &[u8]| {
    assert!(*SEEDS_ARE_ACCEPTED, "what is refused whole is not fuzzed");
    for client in [registered(bytes), fetched(bytes)].into_iter().flatten() {
        is_a_stranger(&client);
        let told = registration_response::metadata(&client);
        let told = serde_json::to_vec(&told).unwrap();
        let again = registration_request::read(&told, &offer()).unwrap();
        assert_eq!(again.scopes, client.scopes);
        assert_eq!(again.into_client(client.id.clone(), None, by(), NOW), client);
    }
});

fn is_a_stranger(client: &Client) {
    assert!(!client.first_party && client.origins.is_empty() && client.audiences.is_empty());
    assert!(client.scopes.iter().all(|scope| SCOPES.contains(scope)), "{:?}", client.scopes);
    let registration = &client.registration;
    assert!(!registration.requests.danger_without_pkce);
    let with_a_person = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    assert!(registration.grant_types.iter().all(|it| with_a_person.contains(it)));
    for uri in registration.redirect_uris.iter().chain(&registration.logout.redirect_uris) {
        assert!(redirect::validate(uri).is_ok(), "{uri}");
    }
}

fn registered(bytes: &[u8]) -> Option<Client> {
    let metadata = registration_request::read(bytes, &offer()).ok()?;
    registration_request::of_its_own_accord(&metadata).ok()?;
    Some(metadata.into_client(ClientId::parse("app").unwrap(), None, by(), NOW))
}

fn fetched(bytes: &[u8]) -> Option<Client> {
    let id = ClientId::parse(ADDRESS).unwrap();
    client_metadata_document::read(&id, bytes, &offer(), by(), NOW).ok()
}

fn offer() -> Offer<'static> {
    Offer { scopes: &SCOPES, signing: Algorithms::ASYMMETRIC }
}

/// Who registered it is not the point here.
fn by() -> RegisteredBy {
    RegisteredBy::default()
}
