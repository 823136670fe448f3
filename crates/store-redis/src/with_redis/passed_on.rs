//! What Redis has no part in.

use std::ops::Range;

use async_trait::async_trait;
use cloakroom_model::authorization::{
    Consent, DeviceAnswer, DeviceRequest, FoundCode, PushedRequest, RelyingParty,
};
use cloakroom_model::client::Client;
use cloakroom_model::event::{Event, Reason, Recorded};
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, GrantId, InitialTokenId, KeyId, SessionId, UserId};
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::key::{DataKey, SigningKey};
use cloakroom_model::link::Link;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, Lookup, Role, User, Username};
use cloakroom_store::{
    AccountFailures, Act, AdvanceKey, AnswerDeviceRequest, ChangePassword, Changed, Clients, Codes,
    Consents, DeviceRequests, Done, Error, EventFilter, Events, GiveConsent, Grants, InitialTokens,
    InsertClient, InsertCode, InsertDeviceRequest, InsertGrant, InsertLink, InsertUser, Keys,
    Links, LiveGrant, Login, NewCode, NewUser, PollDeviceRequest, PushedRequests, Redeem, Redeemed,
    RelyingParties, Rotate, RotateOutcome, Shown, StatusLists, Statuses, Store, Throttles,
    UserFilter, Users,
};

use super::WithRedis;

macro_rules! passed_on {
    ($($trait:ident {
        $($verb:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*
    })*) => {
        $(
            #[async_trait]
            impl<S: Store> $trait for WithRedis<S> {
                $(
                    async fn $verb(&self $(, $argument: $type)*) -> $answer {
                        self.authority.$verb($($argument),*).await
                    }
                )*
            }
        )*
    };
}

passed_on! {
    Users {
        find_user(id: UserId) -> Result<Option<User>, Error>;
        find_login(identifier: &Lookup) -> Result<Option<Login>, Error>;
        find_login_of(id: UserId) -> Result<Option<Login>, Error>;
        list_users(filter: &UserFilter) -> Result<Vec<User>, Error>;
        has_admin() -> Result<bool, Error>;
        insert_user(user: NewUser, act: &Act) -> Result<InsertUser, Error>;
        change_password(change: ChangePassword, act: &Act) -> Result<Changed, Error>;
        upgrade_password(id: UserId, seen: &str, upgraded: &str, act: &Act) -> Result<bool, Error>;
        set_life(id: UserId, life: Life, act: &Act) -> Result<Changed, Error>;
        set_roles(id: UserId, roles: Vec<Role>, act: &Act) -> Result<Changed, Error>;
        set_names(id: UserId, email: Email, username: Option<Username>, shown: Option<Shown>, act: &Act) -> Result<Changed, Error>;
        delete_user(id: UserId, shown: Option<Shown>, act: &Act) -> Result<Changed, Error>;
    }
    Grants {
        find_grant(id: GrantId) -> Result<Option<LiveGrant>, Error>;
        insert_grant(grant: Grant, act: &Act) -> Result<InsertGrant, Error>;
        rotate(rotate: Rotate, act: &Act) -> Result<RotateOutcome, Error>;
        end_grant(id: GrantId, reason: Reason, act: &Act) -> Result<Option<Done<()>>, Error>;
        end_grants_of_user_at(user: UserId, client: &ClientId, reason: Reason, act: &Act) -> Result<Done<usize>, Error>;
        list_grants_of_session(session: SessionId) -> Result<Vec<Grant>, Error>;
        list_grants_of_user(user: UserId) -> Result<Vec<Grant>, Error>;
        list_grants_of_user_at(user: UserId, client: &ClientId) -> Result<Vec<Grant>, Error>;
        expire_grants(limit: usize, act: &Act) -> Result<Done<usize>, Error>;
    }
    Consents {
        give_consent(consent: Consent, act: &Act) -> Result<GiveConsent, Error>;
        find_consent(user: UserId, client: &ClientId) -> Result<Option<Consent>, Error>;
        list_consents(user: UserId) -> Result<Vec<Consent>, Error>;
        withdraw_consent(user: UserId, client: &ClientId, act: &Act) -> Result<Option<Done<()>>, Error>;
    }
    PushedRequests {
        insert_pushed_request(request: PushedRequest) -> Result<(), Error>;
        find_pushed_request(digest: &Digest, now: Timestamp) -> Result<Option<PushedRequest>, Error>;
        expire_pushed_requests(now: Timestamp) -> Result<(), Error>;
    }
    Codes {
        insert_code(new: NewCode, now: Timestamp) -> Result<InsertCode, Error>;
        find_code(digest: &Digest, now: Timestamp) -> Result<Option<FoundCode>, Error>;
        redeem_code(redeem: Redeem, act: &Act) -> Result<Redeemed, Error>;
        expire_codes(now: Timestamp) -> Result<(), Error>;
    }
    DeviceRequests {
        insert_device_request(request: DeviceRequest) -> Result<InsertDeviceRequest, Error>;
        find_device_request(user_code: &Digest, now: Timestamp) -> Result<Option<DeviceRequest>, Error>;
        answer_device_request(user_code: &Digest, answer: DeviceAnswer, act: &Act) -> Result<AnswerDeviceRequest, Error>;
        poll_device_request(digest: &Digest, client: &ClientId, now: Timestamp) -> Result<PollDeviceRequest, Error>;
        redeem_device_request(redeem: Redeem, act: &Act) -> Result<Option<Done<Box<LiveGrant>>>, Error>;
        expire_device_requests(now: Timestamp) -> Result<(), Error>;
    }
    Statuses {
        take_status() -> Result<u32, Error>;
        find_status_lists() -> Result<StatusLists, Error>;
        list_ended_statuses(places: Range<u32>, now: Timestamp) -> Result<Vec<u32>, Error>;
        expire_statuses(now: Timestamp) -> Result<(), Error>;
    }
    RelyingParties {
        list_relying_parties(session: SessionId) -> Result<Vec<RelyingParty>, Error>;
        claim_relying_parties(now: Timestamp, lease_until: Timestamp, limit: usize) -> Result<Vec<RelyingParty>, Error>;
        forget_relying_party(session: SessionId, client: &ClientId) -> Result<(), Error>;
        put_off_relying_party(session: SessionId, client: &ClientId, try_at: Timestamp) -> Result<(), Error>;
    }
    Links {
        insert_link(link: Link, act: &Act) -> Result<InsertLink, Error>;
        find_link(digest: &Digest, now: Timestamp) -> Result<Option<Link>, Error>;
        expire_links(now: Timestamp) -> Result<(), Error>;
    }
    Clients {
        find_client(id: &ClientId) -> Result<Option<Client>, Error>;
        list_clients() -> Result<Vec<Client>, Error>;
        insert_client(client: Client, token: Option<Digest>, act: &Act) -> Result<InsertClient, Error>;
        replace_client(seen: &Client, client: Client, act: &Act) -> Result<Option<Done<()>>, Error>;
        remove_client(id: &ClientId, act: &Act) -> Result<Option<Done<()>>, Error>;
        remove_unused_client(id: &ClientId, act: &Act) -> Result<Option<Done<()>>, Error>;
    }
    InitialTokens {
        insert_initial_token(token: InitialToken, act: &Act) -> Result<(), Error>;
        list_initial_tokens(now: Timestamp) -> Result<Vec<InitialToken>, Error>;
        remove_initial_token(id: InitialTokenId, act: &Act) -> Result<bool, Error>;
        expire_initial_tokens(now: Timestamp) -> Result<(), Error>;
    }
    Keys {
        list_data_keys() -> Result<Vec<DataKey>, Error>;
        insert_data_key(key: DataKey, act: &Act) -> Result<Option<Done<()>>, Error>;
        reseal_data_keys(seen: &[DataKey], resealed: &[DataKey]) -> Result<bool, Error>;
        list_signing_keys() -> Result<Vec<SigningKey>, Error>;
        insert_signing_key(key: SigningKey, act: &Act) -> Result<Option<Done<()>>, Error>;
        advance_signing_key(advance: AdvanceKey, act: &Act) -> Result<Option<Done<()>>, Error>;
        delete_signing_key(id: &KeyId, act: &Act) -> Result<bool, Error>;
    }
    Throttles {
        find_failures(user: UserId, device: Option<&Digest>) -> Result<AccountFailures, Error>;
        count_failure(user: UserId, device: Option<&Digest>, at: Timestamp) -> Result<AccountFailures, Error>;
        forget_failures(user: UserId, device: Option<&Digest>) -> Result<(), Error>;
        clear_failures(user: UserId, act: &Act) -> Result<bool, Error>;
        expire_devices(before: Timestamp) -> Result<(), Error>;
    }
    Events {
        record(events: Vec<Event>) -> Result<(), Error>;
        list_events(filter: &EventFilter) -> Result<Vec<Recorded>, Error>;
        prune_events(before: Timestamp, limit: usize) -> Result<usize, Error>;
    }
}
