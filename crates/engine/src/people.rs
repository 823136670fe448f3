//! What clients learn of a person: the name they call them by, and what is known about them.

use aws_lc_rs::hmac;
use cloakroom_model::client::Client;
use cloakroom_model::id::UserId;
use cloakroom_model::user::{User, Username};
use cloakroom_oauth::subject;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::Engine;

impl Engine {
    /// What a client calls a user, the same each time.
    pub(crate) fn subject_for(&self, client: &Client, user: UserId) -> String {
        subject::name(&client.registration.subjects, user, &self.pairwise_key())
    }

    /// What is known about a user, by the names of OpenID Connect (Core §5.1), for a client that may know all of it.
    pub(crate) fn person_for(&self, client: &Client, user: &User) -> Map<String, Value> {
        let mut person = Map::new();
        person.insert("sub".to_owned(), self.subject_for(client, user.id).into());
        person.insert("email".to_owned(), user.email.as_str().into());
        // Nobody has been asked to show that they read it.
        person.insert("email_verified".to_owned(), false.into());
        if let Some(username) = user.username.as_ref().map(Username::as_str) {
            person.insert("preferred_username".to_owned(), username.into());
            person.insert("name".to_owned(), username.into());
        }
        person.insert("roles".to_owned(), json!(user.roles));
        person
    }

    /// It comes from the oldest data key, and stays the same when there are newer ones: with another one every client
    /// that calls people by names of its own would lose them.
    fn pairwise_key(&self) -> Zeroizing<[u8; 32]> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.data_keys.oldest());
        let mut derived = Zeroizing::new([0; 32]);
        derived.copy_from_slice(hmac::sign(&key, b"cloakroom pairwise subjects").as_ref());
        derived
    }
}
