//! The limits, one row each. Documentation and messages read the same rows.

use std::time::Duration;

use cloakroom_model::policy::throttle::Rate;

/// What is limited.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum What {
    /// Sign-ins from a network.
    SignIn,
    /// Sign-ins at an account from devices it does not know, or from one that it knows.
    SignInAccount,
    /// New accounts from a network.
    SignUp,
    /// New guests from a network.
    Guest,
    /// Refreshes from a network.
    Refresh,
    /// One-time links looked at from a network.
    Link,
    /// Authorization requests that browsers bring from a network.
    Authorize,
    /// Authorization requests that are fetched from a client's server, for browsers of a network.
    Reference,
    /// Authorization requests that clients push from a network.
    Push,
    /// Requests in which clients say who they are, from a network.
    Client,
    /// Codes that clients bring from a network.
    Code,
    /// Tokens that clients ask about from a network.
    Introspect,
    /// Tokens that clients bring to have them exchanged, from a network.
    Exchange,
    /// Proofs of a key beside requests for tokens from a network.
    Proof,
    /// Links to a cookie that a session asks for.
    CookieLink,
    /// Devices that begin to wait, from a network.
    Device,
    /// Questions of devices that wait, from a network.
    DevicePoll,
    /// Codes of devices that are typed from a network.
    UserCode,
    /// Codes of devices that are typed in a session.
    UserCodeSession,
    /// Clients that register themselves from a network.
    Register,
    /// Clients from a network that look at, change or remove what they registered.
    OwnRegistration,
    /// Documents about clients that are fetched for a network.
    ClientDocument,
    /// Wishes of clients that their user be signed out, from a network.
    Logout,
}

/// One limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Row {
    /// Of what.
    pub what: What,
    /// Its name, in messages and logs.
    pub name: &'static str,
    /// How many at once, and in what time they come back.
    pub rate: Rate,
    /// Why so many.
    pub sentence: &'static str,
}

/// All limits.
pub const TABLE: [Row; 23] = [
    Row {
        what: What::SignIn,
        name: "sign_in_address",
        rate: Rate::new(30, Duration::from_mins(5)),
        sentence: "An office behind one address signs in of a morning; somebody who tries stolen passwords at many accounts does not get far.",
    },
    Row {
        what: What::SignInAccount,
        name: "sign_in_account",
        rate: Rate::new(10, Duration::from_mins(1)),
        sentence: "Tries at one account that come all at once, from however many addresses, before their failures are counted. Each device that signed in there before has its own.",
    },
    Row {
        what: What::SignUp,
        name: "sign_up_address",
        rate: Rate::new(20, Duration::from_hours(1)),
        sentence: "A sign-up says whether an address is taken, and costs a password hash.",
    },
    Row {
        what: What::Guest,
        name: "guest_address",
        rate: Rate::new(60, Duration::from_mins(1)),
        sentence: "A visitor that keeps no cookie is a new guest with every request, and every guest is stored.",
    },
    Row {
        what: What::Refresh,
        name: "refresh_address",
        rate: Rate::new(600, Duration::from_mins(1)),
        sentence: "A mobile network puts thousands of phones behind one address, and each refreshes every ten minutes.",
    },
    Row {
        what: What::Link,
        name: "link_address",
        rate: Rate::new(30, Duration::from_mins(5)),
        sentence: "Nobody guesses 256 bits; this keeps the look-ups few.",
    },
    Row {
        what: What::Authorize,
        name: "authorize_address",
        rate: Rate::new(600, Duration::from_mins(1)),
        sentence: "A sign-in through an app passes here up to five times, and a request whose person must be asked is stored.",
    },
    Row {
        what: What::Reference,
        name: "request_uri_address",
        rate: Rate::new(120, Duration::from_mins(1)),
        sentence: "Each makes this server ask a client's; whoever signs in by such a client needs one.",
    },
    Row {
        what: What::Push,
        name: "push_address",
        rate: Rate::new(6000, Duration::from_mins(1)),
        sentence: "One server of a client pushes for all of its users, and every request is stored.",
    },
    Row {
        what: What::Client,
        name: "client_address",
        rate: Rate::new(60_000, Duration::from_mins(1)),
        sentence: "Nobody guesses 256 bits; but each costs a digest or a signature, whatever comes of it, and introspection alone may be asked as often.",
    },
    Row {
        what: What::Code,
        name: "code_address",
        rate: Rate::new(6000, Duration::from_mins(1)),
        sentence: "One server of a client redeems for all of its users; nobody guesses 256 bits.",
    },
    Row {
        what: What::Introspect,
        name: "introspect_address",
        rate: Rate::new(60_000, Duration::from_mins(1)),
        sentence: "A service may ask for every request of its own; each costs a signature to verify.",
    },
    Row {
        what: What::Exchange,
        name: "exchange_address",
        rate: Rate::new(60_000, Duration::from_mins(1)),
        sentence: "A service may exchange a token for every request of its own; each costs signatures to verify and to make.",
    },
    Row {
        what: What::Proof,
        name: "proof_address",
        rate: Rate::new(6000, Duration::from_mins(1)),
        sentence: "Anybody can make a key and prove it, and every proof is remembered for two minutes.",
    },
    Row {
        what: What::CookieLink,
        name: "cookie_link_session",
        rate: Rate::new(10, Duration::from_mins(1)),
        sentence: "Each link is a row for a minute and an event for as long as events are kept; an application needs one when its user opens a page.",
    },
    Row {
        what: What::Device,
        name: "device_address",
        rate: Rate::new(120, Duration::from_mins(1)),
        sentence: "Each is stored for a quarter of an hour, and the more of them wait the easier is one guessed.",
    },
    Row {
        what: What::DevicePoll,
        name: "device_poll_address",
        rate: Rate::new(6000, Duration::from_mins(1)),
        sentence: "Each device asks every five seconds, and asking too early is answered to it alone.",
    },
    Row {
        what: What::UserCode,
        name: "user_code_address",
        rate: Rate::new(60, Duration::from_mins(5)),
        sentence: "A code that a person types has 34 bits; letting one device in looks at it twice.",
    },
    Row {
        what: What::UserCodeSession,
        name: "user_code_session",
        rate: Rate::new(20, Duration::from_mins(5)),
        sentence: "The same for one person, from however many addresses.",
    },
    Row {
        what: What::Register,
        name: "register_address",
        rate: Rate::new(60, Duration::from_hours(1)),
        sentence: "Every client that registers itself is stored and known by heart, and may have a list of its redirect URIs fetched.",
    },
    Row {
        what: What::OwnRegistration,
        name: "own_registration_address",
        rate: Rate::new(60, Duration::from_mins(1)),
        sentence: "A client looks at its registration once in a while; nobody guesses 256 bits, and a change may have a list fetched.",
    },
    Row {
        what: What::ClientDocument,
        name: "client_document_address",
        rate: Rate::new(60, Duration::from_mins(10)),
        sentence: "Anybody can name any address in an authorization request, and each is asked for.",
    },
    Row {
        what: What::Logout,
        name: "logout_address",
        rate: Rate::new(600, Duration::from_mins(1)),
        sentence: "Each may bring a token whose signature is verified; a person signs out once.",
    },
];

impl What {
    /// Its row.
    #[must_use]
    pub const fn row(self) -> &'static Row {
        // The table stands in the order of the enum; a test holds it there.
        &TABLE[self as usize]
    }

    /// Whether nodes count it together where they can. The others spare the processor of the node that is asked, and
    /// are so wide that a question for each would cost more than they spare.
    #[must_use]
    pub const fn is_counted_in_common(self) -> bool {
        !matches!(
            self,
            Self::Push
                | Self::Client
                | Self::Code
                | Self::Introspect
                | Self::Exchange
                | Self::Proof
                | Self::DevicePoll
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_is_found_by_what_it_limits() {
        for row in &TABLE {
            assert_eq!(row.what.row(), row);
        }
        let names: BTreeSet<_> = TABLE.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), TABLE.len());
    }
}
