//! What clients learn of a person: the name they call them by, and what is known about them.

use cloakroom_model::client::Client;
use cloakroom_model::id::UserId;
use cloakroom_model::user::{User, Username};
use cloakroom_oauth::subject;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::Engine;
use crate::identity::Identity;

/// How much of a user whoever brings an identity may know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Knows {
    /// Everything: it is a browser of the user's own, or a client of whoever runs this server.
    All,
    /// What the user allowed another's client.
    Allowed {
        /// The name by which that client knows the user.
        name: String,
        /// Whether it may know the email.
        email: bool,
        /// Whether it may know the username.
        username: bool,
    },
}

impl Engine {
    /// How much of the user may be told to whoever brings an identity.
    #[must_use]
    pub fn knows(&self, identity: &Identity) -> Knows {
        let (Some(scope), Some(user)) = (&identity.scope, identity.user_id()) else {
            return Knows::All;
        };
        match self.clients.find(&identity.client) {
            Some(client) if client.first_party => Knows::All,
            Some(client) => Knows::Allowed {
                name: self.subject_for(&client, user),
                email: scope.contains("email"),
                username: scope.contains("profile"),
            },
            // Its client is gone, and so is the token by the next moment.
            None => Knows::Allowed { name: user.to_string(), email: false, username: false },
        }
    }

    /// What a client calls a user, the same each time.
    pub(crate) fn subject_for(&self, client: &Client, user: UserId) -> String {
        subject::name(&client.registration.subjects, user, || self.pairwise_key())
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
        self.data_keys.derive(b"cloakroom pairwise subjects")
    }
}
