//! CAEP 1.0 §3, RISC 1.0 §2 and SSF 1.0 §8.1.4, §8.1.5: the types of event there are, and what each says.

use cloakroom_model::signal::{About, Initiator, Signal, UserSignal, Wanted};
use serde_json::{Map, Value, json};

use crate::subject_id::SubjectId;

/// That a stream works.
pub const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// That a stream's status was changed by the transmitter.
pub const STREAM_UPDATED: &str =
    "https://schemas.openid.net/secevent/ssf/event-type/stream-updated";

/// The types of event that can be asked for.
pub const SUPPORTED: [&str; 6] = [
    type_of(About::SessionRevoked),
    type_of(About::CredentialChange),
    type_of(About::AccountDisabled),
    type_of(About::AccountEnabled),
    type_of(About::AccountPurged),
    type_of(About::IdentifierChanged),
];

/// The type of event that tells of something.
#[must_use]
pub const fn type_of(about: About) -> &'static str {
    match about {
        About::SessionRevoked => {
            "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
        }
        About::CredentialChange => {
            "https://schemas.openid.net/secevent/caep/event-type/credential-change"
        }
        About::AccountDisabled => {
            "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
        }
        About::AccountEnabled => {
            "https://schemas.openid.net/secevent/risc/event-type/account-enabled"
        }
        About::AccountPurged => {
            "https://schemas.openid.net/secevent/risc/event-type/account-purged"
        }
        About::IdentifierChanged => {
            "https://schemas.openid.net/secevent/risc/event-type/identifier-changed"
        }
    }
}

/// Those of the types that were asked for that there are; all where none was asked for.
#[must_use]
pub fn wanted(requested: Option<&[String]>) -> Wanted {
    let is_asked_for = |about: &About| {
        requested.is_none_or(|types| types.iter().any(|kind| kind == type_of(*about)))
    };
    About::ALL.into_iter().filter(is_asked_for).collect()
}

/// The types in a set.
#[must_use]
pub fn types(wanted: Wanted) -> Vec<&'static str> {
    About::ALL.into_iter().filter(|about| wanted.has(*about)).map(type_of).collect()
}

/// An event, and whom it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its type.
    pub kind: &'static str,
    /// Whom it is about.
    pub subject: SubjectId,
    /// What it says.
    pub says: Map<String, Value>,
}

impl Event {
    /// What a signal in the stream `stream_id` says, where it happened at `at`, in seconds since 1970, to a user whom the
    /// receiver knows as `user`.
    #[must_use]
    pub fn of(
        signal: &Signal,
        stream_id: &str,
        at: u64,
        user: impl FnOnce(&UserSignal) -> SubjectId,
    ) -> Self {
        let stream = || SubjectId::Opaque(stream_id.to_owned());
        match signal {
            Signal::User(signal) => Self::of_user(signal, at, user(signal)),
            Signal::Verification { state } => Self {
                kind: VERIFICATION,
                subject: stream(),
                says: members([("state", json!(state))]),
            },
            Signal::StreamUpdated { status, reason } => Self {
                kind: STREAM_UPDATED,
                subject: stream(),
                says: members([("status", json!(status)), ("reason", json!(reason))]),
            },
        }
    }

    fn of_user(signal: &UserSignal, at: u64, user: SubjectId) -> Self {
        let kind = type_of(signal.about);
        // CAEP 1.0 §2; the interoperability profile wants a reason.
        let caep = || {
            [
                ("event_timestamp", json!(at)),
                ("initiating_entity", json!(initiating_entity(signal.by))),
                ("reason_admin", json!({ "en": sentence(&signal.why) })),
            ]
        };
        match (signal.about, &signal.session, &signal.renamed) {
            (About::SessionRevoked, Some(session), _) => Self {
                kind,
                subject: SubjectId::Complex(vec![
                    ("session".to_owned(), SubjectId::Opaque(session.to_string())),
                    ("user".to_owned(), user),
                ]),
                says: members(caep()),
            },
            (About::CredentialChange, ..) => {
                let what =
                    [("credential_type", json!("password")), ("change_type", json!("update"))];
                Self { kind, subject: user, says: members(what.into_iter().chain(caep())) }
            }
            // RISC 1.0 §2.5: the subject is the identifier that was given up.
            (About::IdentifierChanged, _, Some(renamed)) => Self {
                kind,
                subject: SubjectId::Email(renamed.was.as_str().to_owned()),
                says: members([("new-value", json!(renamed.is.as_str()))]),
            },
            _ => Self { kind, subject: user, says: Map::new() },
        }
    }
}

/// Those that have a value.
fn members(all: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    all.into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn initiating_entity(by: Initiator) -> &'static str {
    match by {
        Initiator::User => "user",
        Initiator::Admin => "admin",
        Initiator::Policy => "policy",
        Initiator::System => "system",
    }
}

/// A reason as it stands in events, for an administrator of the receiver.
fn sentence(why: &str) -> String {
    let known = match why {
        "signed_out" => "The user signed out.",
        "ended_elsewhere" => "The user ended the session from another one.",
        "superseded" => "The user signed in again in the same browser.",
        "evicted" => "The user has more sessions than allowed.",
        "idle" => "The session was not used for too long.",
        "expired" => "The session's time was over.",
        "password_changed" => "The password was changed.",
        "password_recovered" => "The password was set anew by a one-time link.",
        "user_disabled" => "The account was disabled.",
        "user_enabled" => "The account was enabled.",
        "user_deleted" => "The account was deleted.",
        "client_removed" => "The client of the session was removed.",
        "operator" => "An administrator ended the session.",
        "restored" => "The server's database was restored from a backup.",
        other => return format!("The reason is {other}."),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use cloakroom_model::id::{SessionId, UserId};
    use cloakroom_model::signal::Renamed;
    use cloakroom_model::stream::Status;
    use cloakroom_model::time::Timestamp;
    use cloakroom_model::user::Email;

    use super::*;

    fn signal(about: About, why: &str) -> UserSignal {
        UserSignal {
            about,
            user: UserId::new(Timestamp(1), [1; 10]),
            session: None,
            by: Initiator::User,
            why: why.to_owned(),
            renamed: None,
        }
    }

    fn told(signal: UserSignal) -> Event {
        Event::of(&Signal::User(signal), "stream", 1000, |_| SubjectId::IssSub {
            iss: "https://id.example".to_owned(),
            sub: "ada".to_owned(),
        })
    }

    #[test]
    fn a_revoked_session_is_named_with_its_user() {
        let session = SessionId::new(Timestamp(1_700_000_000_000), [2; 10]);
        let ended =
            UserSignal { session: Some(session), ..signal(About::SessionRevoked, "signed_out") };
        let event = told(ended);
        assert_eq!(
            event.kind,
            "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
        );
        assert_eq!(
            serde_json::to_value(&event.subject).unwrap(),
            json!({
                "format": "complex",
                "session": { "format": "opaque", "id": session },
                "user": { "format": "iss_sub", "iss": "https://id.example", "sub": "ada" },
            })
        );
        assert_eq!(
            Value::Object(event.says),
            json!({
                "event_timestamp": 1000,
                "initiating_entity": "user",
                "reason_admin": { "en": "The user signed out." },
            })
        );
    }

    #[test]
    fn a_changed_password_is_an_update_of_a_credential() {
        let event = told(signal(About::CredentialChange, "password_recovered"));
        assert_eq!(event.says["credential_type"], "password");
        assert_eq!(event.says["change_type"], "update");
        assert!(!event.says["reason_admin"]["en"].as_str().unwrap().is_empty());
    }

    #[test]
    fn of_accounts_only_a_changed_identifier_says_more() {
        for about in [About::AccountDisabled, About::AccountEnabled, About::AccountPurged] {
            let event = told(signal(about, "x"));
            assert_eq!((event.kind, event.says), (type_of(about), Map::new()));
        }
        let [was, is] = ["ada@example.com", "ada@example.net"].map(|it| Email::parse(it).unwrap());
        let renamed = Some(Renamed { was, is });
        let event =
            told(UserSignal { renamed, ..signal(About::IdentifierChanged, "profile_changed") });
        assert_eq!(event.subject, SubjectId::Email("ada@example.com".to_owned()));
        assert_eq!(Value::Object(event.says), json!({ "new-value": "ada@example.net" }));
    }

    #[test]
    fn what_is_about_a_stream_names_the_stream() {
        let nobody = |_: &UserSignal| unreachable!("it is about nobody");
        let state = Some("state".to_owned());
        let shown = Event::of(&Signal::Verification { state }, "stream", 1000, nobody);
        assert_eq!(shown.subject, SubjectId::Opaque("stream".to_owned()));
        assert_eq!(Value::Object(shown.says), json!({ "state": "state" }));
        let updated = Signal::StreamUpdated { status: Status::Disabled, reason: None };
        let updated = Event::of(&updated, "stream", 1000, nobody);
        assert_eq!(Value::Object(updated.says), json!({ "status": "disabled" }));
    }

    #[test]
    fn what_is_delivered_is_what_was_asked_for_and_there_is() {
        assert_eq!(types(wanted(None)), SUPPORTED);
        let asked = ["https://example.com/other", SUPPORTED[3], SUPPORTED[0]].map(str::to_owned);
        assert_eq!(types(wanted(Some(&asked))), [SUPPORTED[0], SUPPORTED[3]]);
        assert_eq!(types(wanted(Some(&[]))), Vec::<&str>::new());
    }
}
