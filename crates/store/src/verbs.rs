//! Every verb of storage, in one table: what stands between an engine and its store is written once for all of them.

/// Calls `$apply` with the verbs of each trait that is named: `Trait { verb(argument: type) -> answer; … => hint; }`, where
/// a hint takes and answers nothing. Types are named by their paths; the traits are not.
#[macro_export]
macro_rules! verbs_of {
    ($apply:ident: $($trait:ident)*) => {
        $($crate::verbs_of! { @ $apply $trait })*
    };
    (@ $apply:ident Users) => {
        $apply! { Users {
            find_user(id: ::cloakroom_model::id::UserId) -> Result<Option<::cloakroom_model::user::User>, $crate::Error>;
            find_login(identifier: &::cloakroom_model::user::Lookup) -> Result<Option<$crate::Login>, $crate::Error>;
            find_login_of(id: ::cloakroom_model::id::UserId) -> Result<Option<$crate::Login>, $crate::Error>;
            list_users(filter: &$crate::UserFilter) -> Result<Vec<::cloakroom_model::user::User>, $crate::Error>;
            has_admin() -> Result<bool, $crate::Error>;
            insert_user(user: $crate::NewUser, act: &$crate::Act) -> Result<$crate::InsertUser, $crate::Error>;
            change_password(change: $crate::ChangePassword, act: &$crate::Act) -> Result<$crate::Changed, $crate::Error>;
            upgrade_password(id: ::cloakroom_model::id::UserId, seen: &str, upgraded: &str, act: &$crate::Act) -> Result<bool, $crate::Error>;
            set_life(id: ::cloakroom_model::id::UserId, life: ::cloakroom_model::user::Life, act: &$crate::Act) -> Result<$crate::Changed, $crate::Error>;
            set_roles(id: ::cloakroom_model::id::UserId, roles: Vec<::cloakroom_model::user::Role>, act: &$crate::Act) -> Result<$crate::Changed, $crate::Error>;
            set_names(id: ::cloakroom_model::id::UserId, email: ::cloakroom_model::user::Email, username: Option<::cloakroom_model::user::Username>, shown: Option<$crate::Shown>, act: &$crate::Act) -> Result<$crate::Changed, $crate::Error>;
            delete_user(id: ::cloakroom_model::id::UserId, shown: Option<$crate::Shown>, act: &$crate::Act) -> Result<$crate::Changed, $crate::Error>;
        } }
    };
    (@ $apply:ident Sessions) => {
        $apply! { Sessions {
            find_session(secret: &::cloakroom_model::secret::Digest, now: ::cloakroom_model::time::Timestamp) -> Result<Option<$crate::FoundSession>, $crate::Error>;
            find_session_by_id(id: ::cloakroom_model::id::SessionId) -> Result<Option<$crate::LiveSession>, $crate::Error>;
            find_last_seen(id: ::cloakroom_model::id::SessionId) -> Result<Option<::cloakroom_model::time::Timestamp>, $crate::Error>;
            begin_session(begin: $crate::Begin, act: &$crate::Act) -> Result<$crate::Begun, $crate::Error>;
            replace_secret(replace: $crate::ReplaceSecret, act: &$crate::Act) -> Result<$crate::Replacing, $crate::Error>;
            end_session(id: ::cloakroom_model::id::SessionId, reason: ::cloakroom_model::event::Reason, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            end_sessions(which: $crate::Ends, reason: ::cloakroom_model::event::Reason, act: &$crate::Act) -> Result<$crate::Done<usize>, $crate::Error>;
            list_sessions(user: ::cloakroom_model::id::UserId) -> Result<Vec<::cloakroom_model::session::Session>, $crate::Error>;
            list_all_sessions(after: Option<::cloakroom_model::id::SessionId>, limit: usize) -> Result<Vec<::cloakroom_model::session::Session>, $crate::Error>;
            touch_sessions(seen: &[(::cloakroom_model::id::SessionId, ::cloakroom_model::time::Timestamp)]) -> Result<(), $crate::Error>;
            expire_sessions(lag: ::core::time::Duration, limit: usize, act: &$crate::Act) -> Result<$crate::Done<usize>, $crate::Error>;
        } }
    };
    (@ $apply:ident Guests) => {
        $apply! { Guests {
            insert_guest(guest: ::cloakroom_model::session::Session, secret: Option<::cloakroom_model::secret::Digest>, grant: Option<::cloakroom_model::grant::Grant>, act: &$crate::Act) -> Result<(), $crate::Error>;
            find_guest(secret: &::cloakroom_model::secret::Digest, now: ::cloakroom_model::time::Timestamp) -> Result<Option<$crate::LiveGuest>, $crate::Error>;
            find_guest_by_id(id: ::cloakroom_model::id::SessionId) -> Result<Option<::cloakroom_model::session::Session>, $crate::Error>;
            end_guest(id: ::cloakroom_model::id::SessionId, reason: ::cloakroom_model::event::Reason, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            end_guest_elsewhere(id: ::cloakroom_model::id::SessionId, reason: ::cloakroom_model::event::Reason, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            touch_guests(seen: &[(::cloakroom_model::id::SessionId, ::cloakroom_model::time::Timestamp)]) -> Result<(), $crate::Error>;
            expire_guests(lag: ::core::time::Duration, limit: usize, act: &$crate::Act) -> Result<$crate::Done<usize>, $crate::Error>;
        } }
    };
    (@ $apply:ident SessionData) => {
        $apply! { SessionData {
            read_data(key: &::cloakroom_model::data::DocumentKey) -> Result<Option<::cloakroom_model::data::Document>, $crate::Error>;
            write_data(write: $crate::Write, act: &$crate::Act) -> Result<$crate::Written, $crate::Error>;
        } }
    };
    (@ $apply:ident Grants) => {
        $apply! { Grants {
            find_grant(id: ::cloakroom_model::id::GrantId) -> Result<Option<$crate::LiveGrant>, $crate::Error>;
            insert_grant(grant: ::cloakroom_model::grant::Grant, act: &$crate::Act) -> Result<$crate::InsertGrant, $crate::Error>;
            rotate(rotate: $crate::Rotate, act: &$crate::Act) -> Result<$crate::RotateOutcome, $crate::Error>;
            end_grant(id: ::cloakroom_model::id::GrantId, reason: ::cloakroom_model::event::Reason, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            end_grants_of_user_at(user: ::cloakroom_model::id::UserId, client: &::cloakroom_model::id::ClientId, reason: ::cloakroom_model::event::Reason, act: &$crate::Act) -> Result<$crate::Done<usize>, $crate::Error>;
            list_grants_of_session(session: ::cloakroom_model::id::SessionId) -> Result<Vec<::cloakroom_model::grant::Grant>, $crate::Error>;
            list_grants_of_user(user: ::cloakroom_model::id::UserId) -> Result<Vec<::cloakroom_model::grant::Grant>, $crate::Error>;
            list_grants_of_user_at(user: ::cloakroom_model::id::UserId, client: &::cloakroom_model::id::ClientId) -> Result<Vec<::cloakroom_model::grant::Grant>, $crate::Error>;
            expire_grants(limit: usize, act: &$crate::Act) -> Result<$crate::Done<usize>, $crate::Error>;
        } }
    };
    (@ $apply:ident Consents) => {
        $apply! { Consents {
            give_consent(consent: ::cloakroom_model::authorization::Consent, act: &$crate::Act) -> Result<$crate::GiveConsent, $crate::Error>;
            find_consent(user: ::cloakroom_model::id::UserId, client: &::cloakroom_model::id::ClientId) -> Result<Option<::cloakroom_model::authorization::Consent>, $crate::Error>;
            list_consents(user: ::cloakroom_model::id::UserId) -> Result<Vec<::cloakroom_model::authorization::Consent>, $crate::Error>;
            withdraw_consent(user: ::cloakroom_model::id::UserId, client: &::cloakroom_model::id::ClientId, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
        } }
    };
    (@ $apply:ident PushedRequests) => {
        $apply! { PushedRequests {
            insert_pushed_request(request: ::cloakroom_model::authorization::PushedRequest) -> Result<(), $crate::Error>;
            find_pushed_request(digest: &::cloakroom_model::secret::Digest, now: ::cloakroom_model::time::Timestamp) -> Result<Option<::cloakroom_model::authorization::PushedRequest>, $crate::Error>;
            expire_pushed_requests(now: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident Codes) => {
        $apply! { Codes {
            insert_code(new: $crate::NewCode, now: ::cloakroom_model::time::Timestamp) -> Result<$crate::InsertCode, $crate::Error>;
            find_code(digest: &::cloakroom_model::secret::Digest, now: ::cloakroom_model::time::Timestamp) -> Result<Option<::cloakroom_model::authorization::FoundCode>, $crate::Error>;
            redeem_code(redeem: $crate::Redeem, act: &$crate::Act) -> Result<$crate::Redeemed, $crate::Error>;
            expire_codes(now: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident DeviceRequests) => {
        $apply! { DeviceRequests {
            insert_device_request(request: ::cloakroom_model::authorization::DeviceRequest) -> Result<$crate::InsertDeviceRequest, $crate::Error>;
            find_device_request(user_code: &::cloakroom_model::secret::Digest, now: ::cloakroom_model::time::Timestamp) -> Result<Option<::cloakroom_model::authorization::DeviceRequest>, $crate::Error>;
            answer_device_request(user_code: &::cloakroom_model::secret::Digest, answer: ::cloakroom_model::authorization::DeviceAnswer, act: &$crate::Act) -> Result<$crate::AnswerDeviceRequest, $crate::Error>;
            poll_device_request(digest: &::cloakroom_model::secret::Digest, client: &::cloakroom_model::id::ClientId, now: ::cloakroom_model::time::Timestamp) -> Result<$crate::PollDeviceRequest, $crate::Error>;
            redeem_device_request(redeem: $crate::Redeem, act: &$crate::Act) -> Result<Option<$crate::Done<Box<$crate::LiveGrant>>>, $crate::Error>;
            expire_device_requests(now: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident Marks) => {
        $apply! { Marks {
            mark_once(mark: ::cloakroom_model::secret::Digest, until: ::cloakroom_model::time::Timestamp, now: ::cloakroom_model::time::Timestamp) -> Result<bool, $crate::Error>;
            expire_marks(now: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident Statuses) => {
        $apply! { Statuses {
            take_status() -> Result<u32, $crate::Error>;
            find_status_lists() -> Result<$crate::StatusLists, $crate::Error>;
            list_ended_statuses(places: ::core::ops::Range<u32>, now: ::cloakroom_model::time::Timestamp) -> Result<Vec<u32>, $crate::Error>;
            expire_statuses(now: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident RelyingParties) => {
        $apply! { RelyingParties {
            list_relying_parties(session: ::cloakroom_model::id::SessionId) -> Result<Vec<::cloakroom_model::authorization::RelyingParty>, $crate::Error>;
            claim_relying_parties(now: ::cloakroom_model::time::Timestamp, lease_until: ::cloakroom_model::time::Timestamp, limit: usize) -> Result<Vec<::cloakroom_model::authorization::RelyingParty>, $crate::Error>;
            forget_relying_party(session: ::cloakroom_model::id::SessionId, client: &::cloakroom_model::id::ClientId) -> Result<(), $crate::Error>;
            put_off_relying_party(session: ::cloakroom_model::id::SessionId, client: &::cloakroom_model::id::ClientId, try_at: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident Streams) => {
        $apply! { Streams {
            find_stream(client: &::cloakroom_model::id::ClientId) -> Result<Option<::cloakroom_model::stream::Stream>, $crate::Error>;
            list_streams() -> Result<Vec<$crate::StreamBacklog>, $crate::Error>;
            insert_stream(stream: ::cloakroom_model::stream::Stream, act: &$crate::Act) -> Result<$crate::InsertStream, $crate::Error>;
            replace_stream(seen: &::cloakroom_model::stream::Stream, stream: ::cloakroom_model::stream::Stream, queue: $crate::Queue, act: &$crate::Act) -> Result<bool, $crate::Error>;
            remove_stream(client: &::cloakroom_model::id::ClientId, id: ::cloakroom_model::id::StreamId, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            leave_out(id: ::cloakroom_model::id::StreamId, user: ::cloakroom_model::id::UserId, most: usize) -> Result<bool, $crate::Error>;
            take_in(id: ::cloakroom_model::id::StreamId, user: ::cloakroom_model::id::UserId) -> Result<(), $crate::Error>;
            add_signal(id: ::cloakroom_model::id::StreamId, signal: ::cloakroom_model::signal::Signal, most: usize, act: &$crate::Act) -> Result<bool, $crate::Error>;
            list_signals(id: ::cloakroom_model::id::StreamId, limit: usize) -> Result<Vec<::cloakroom_model::signal::Waiting>, $crate::Error>;
            forget_signals(id: ::cloakroom_model::id::StreamId, numbers: &[::cloakroom_model::signal::SignalNumber]) -> Result<(), $crate::Error>;
            claim_streams(now: ::cloakroom_model::time::Timestamp, lease_until: ::cloakroom_model::time::Timestamp, limit: usize) -> Result<Vec<$crate::ClaimedStream>, $crate::Error>;
            is_claimed(id: ::cloakroom_model::id::StreamId, lease_until: ::cloakroom_model::time::Timestamp) -> Result<bool, $crate::Error>;
            release_stream(id: ::cloakroom_model::id::StreamId, lease_until: ::cloakroom_model::time::Timestamp, failures: u32, try_at: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident Links) => {
        $apply! { Links {
            insert_link(link: ::cloakroom_model::link::Link, act: &$crate::Act) -> Result<$crate::InsertLink, $crate::Error>;
            find_link(digest: &::cloakroom_model::secret::Digest, now: ::cloakroom_model::time::Timestamp) -> Result<Option<::cloakroom_model::link::Link>, $crate::Error>;
            expire_links(now: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident Clients) => {
        $apply! { Clients {
            find_client(id: &::cloakroom_model::id::ClientId) -> Result<Option<::cloakroom_model::client::Client>, $crate::Error>;
            list_clients() -> Result<Vec<::cloakroom_model::client::Client>, $crate::Error>;
            insert_client(client: ::cloakroom_model::client::Client, token: Option<::cloakroom_model::secret::Digest>, act: &$crate::Act) -> Result<$crate::InsertClient, $crate::Error>;
            replace_client(seen: &::cloakroom_model::client::Client, client: ::cloakroom_model::client::Client, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            remove_client(id: &::cloakroom_model::id::ClientId, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            remove_unused_client(id: &::cloakroom_model::id::ClientId, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
        } }
    };
    (@ $apply:ident InitialTokens) => {
        $apply! { InitialTokens {
            insert_initial_token(token: ::cloakroom_model::initial_token::InitialToken, act: &$crate::Act) -> Result<(), $crate::Error>;
            list_initial_tokens(now: ::cloakroom_model::time::Timestamp) -> Result<Vec<::cloakroom_model::initial_token::InitialToken>, $crate::Error>;
            remove_initial_token(id: ::cloakroom_model::id::InitialTokenId, act: &$crate::Act) -> Result<bool, $crate::Error>;
            expire_initial_tokens(now: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident Keys) => {
        $apply! { Keys {
            list_data_keys() -> Result<Vec<::cloakroom_model::key::DataKey>, $crate::Error>;
            insert_data_key(key: ::cloakroom_model::key::DataKey, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            reseal_data_keys(seen: &[::cloakroom_model::key::DataKey], resealed: &[::cloakroom_model::key::DataKey]) -> Result<bool, $crate::Error>;
            list_signing_keys() -> Result<Vec<::cloakroom_model::key::SigningKey>, $crate::Error>;
            insert_signing_key(key: ::cloakroom_model::key::SigningKey, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            advance_signing_key(advance: $crate::AdvanceKey, act: &$crate::Act) -> Result<Option<$crate::Done<()>>, $crate::Error>;
            delete_signing_key(id: &::cloakroom_model::id::KeyId, act: &$crate::Act) -> Result<bool, $crate::Error>;
        } }
    };
    (@ $apply:ident Revocations) => {
        $apply! { Revocations {
            read_log(place: ::cloakroom_model::log::Place, limit: usize) -> Result<$crate::Reading, $crate::Error>;
            read_snapshot() -> Result<$crate::Snapshot, $crate::Error>;
            announce(subject: ::cloakroom_model::log::Subject, change: ::cloakroom_model::log::Change, act: &$crate::Act) -> Result<$crate::Done<()>, $crate::Error>;
            prune_log(now: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
            => wait_for_rows;
        } }
    };
    (@ $apply:ident Throttles) => {
        $apply! { Throttles {
            find_failures(user: ::cloakroom_model::id::UserId, device: Option<&::cloakroom_model::secret::Digest>) -> Result<$crate::AccountFailures, $crate::Error>;
            count_failure(user: ::cloakroom_model::id::UserId, device: Option<&::cloakroom_model::secret::Digest>, at: ::cloakroom_model::time::Timestamp) -> Result<$crate::AccountFailures, $crate::Error>;
            forget_failures(user: ::cloakroom_model::id::UserId, device: Option<&::cloakroom_model::secret::Digest>) -> Result<(), $crate::Error>;
            clear_failures(user: ::cloakroom_model::id::UserId, act: &$crate::Act) -> Result<bool, $crate::Error>;
            expire_devices(before: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
            find_failures_of_nobody(name: &::cloakroom_model::secret::Digest) -> Result<$crate::AccountFailures, $crate::Error>;
            count_failure_of_nobody(name: &::cloakroom_model::secret::Digest, at: ::cloakroom_model::time::Timestamp) -> Result<$crate::AccountFailures, $crate::Error>;
            expire_failures_of_nobody(until: ::cloakroom_model::time::Timestamp) -> Result<(), $crate::Error>;
        } }
    };
    (@ $apply:ident Events) => {
        $apply! { Events {
            record(events: Vec<::cloakroom_model::event::Event>) -> Result<(), $crate::Error>;
            list_events(filter: &$crate::EventFilter) -> Result<Vec<::cloakroom_model::event::Recorded>, $crate::Error>;
            prune_events(before: ::cloakroom_model::time::Timestamp, limit: usize) -> Result<usize, $crate::Error>;
        } }
    };
}

/// The same of every trait of a store.
#[macro_export]
macro_rules! every_verb {
    ($apply:ident) => {
        $crate::verbs_of! {
            $apply: Users Sessions Guests SessionData Grants Consents PushedRequests Codes DeviceRequests Marks Statuses RelyingParties Streams Links Clients InitialTokens Keys Revocations Throttles Events
        }
    };
}
