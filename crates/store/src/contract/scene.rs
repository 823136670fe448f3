//! The people and things that the promises are played with.
//!
//! Everything is numbered: user 1, session 1 with secret 1 and grant 1. All of it happens in the year 2100 and
//! in 1970, so that a backend's own clock, which decides only what a log's row still concerns, may say any time
//! between the two.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cloakroom_model::authorization::{Code, Consent, PushedRequest, RelyingParty};
use cloakroom_model::client::{Client, DataRule, Template};
use cloakroom_model::data::{
    Belongs, Change, Document, DocumentKey, Etag, MergeRule, Namespace, Owner, Seen,
};
use cloakroom_model::event::{Actor, Event, Kind, Reason};
use cloakroom_model::grant::{Details, Grant};
use cloakroom_model::id::{ClientId, GrantId, InitialTokenId, SessionId, UserId};
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::link::{Link, Purpose};
use cloakroom_model::log::Row;
use cloakroom_model::registration::Registration;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Acr, Authentication, Carrier, Device, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, Role, User, Username};
use serde_json::Value;

use super::witness::look_at;
use crate::{
    Act, Begin, Begun, Done, Earlier, GiveConsent, Hanging, InsertCode, InsertLink, InsertUser,
    Merge, NewCode, NewUser, Redeem, Store, Who, Write, Written,
};

/// The most that the documents of one owner may have, where a promise is not about the limit.
pub(super) const PLENTY: usize = 64 * 1024;

const START: Timestamp = Timestamp(4_102_444_800_000);

/// So many seconds after the beginning of every scene.
pub(super) fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

/// An act at a time, with a mark of its own.
pub(super) fn act_at(at: Timestamp, kind: Kind) -> Act {
    static NONCE: AtomicU64 = AtomicU64::new(1);
    let event = Event {
        client: Some(client_id("shop")),
        address: Some("192.0.2.1".to_owned()),
        ..Event::new(at, kind, Actor::Operator)
    };
    Act { at, nonce: NONCE.fetch_add(1, Ordering::Relaxed), event }
}

/// An act at the beginning.
pub(super) fn act(kind: Kind) -> Act {
    act_at(at(0), kind)
}

/// The act of ending something.
pub(super) fn ending() -> Act {
    act(Kind::SessionEnded)
}

pub(super) fn user_id(n: u8) -> UserId {
    UserId::new(START, [n; 10])
}

pub(super) fn session_id(n: u8) -> SessionId {
    SessionId::new(START, [n; 10])
}

pub(super) fn grant_id(n: u8) -> GrantId {
    GrantId::new(START, [n; 10])
}

pub(super) fn client_id(name: &str) -> ClientId {
    ClientId::parse(name).unwrap()
}

pub(super) fn digest(n: u8) -> Digest {
    Digest([n; 32])
}

pub(super) fn email(n: u8) -> Email {
    Email::parse(&format!("User{n}@example.com")).unwrap()
}

pub(super) fn username(n: u8) -> Username {
    Username::parse(&format!("User{n}")).unwrap()
}

/// A user who is not there yet, with the password's hash `hash n`.
pub(super) fn new_user(n: u8) -> NewUser {
    let user = User {
        id: user_id(n),
        email: email(n),
        username: Some(username(n)),
        roles: Vec::new(),
        life: Life::Active,
        generation: 0,
        created_at: START,
    };
    NewUser { user, password: Some(format!("hash {n}")) }
}

/// An administrator who is not there yet.
pub(super) fn new_admin(n: u8) -> NewUser {
    let mut new = new_user(n);
    new.user.roles.push(Role::admin());
    new
}

pub(super) fn disabled() -> Life {
    Life::Disabled { at: START }
}

/// A session that idles after an hour and ends after a day.
pub(super) fn session(n: u8, user: Option<UserId>) -> Session {
    Session {
        id: session_id(n),
        user,
        client: client_id("shop"),
        carrier: Carrier::Cookie,
        device: Device { name: format!("Browser {n}"), address: "192.0.2.1".to_owned() },
        authentication: user.map(|_| Authentication {
            at: START,
            acr: Acr::Aal1,
            amr: vec!["pwd".to_owned()],
        }),
        created_at: START,
        expires_at: at(86_400),
        idle: Duration::from_hours(1),
        last_seen_at: START,
        remembered: true,
    }
}

/// A grant that idles after an hour and ends after a day, of the client `shop`.
pub(super) fn grant(n: u8, user: Option<UserId>, session: Option<SessionId>) -> Grant {
    Grant {
        id: grant_id(n),
        user,
        session,
        client: client_id("shop"),
        scope: vec!["openid".to_owned(), "profile".to_owned()],
        audience: vec!["https://api.example.com".to_owned()],
        created_at: START,
        expires_at: at(86_400),
        idle: Duration::from_hours(1),
        last_used_at: START,
        data_key: 1,
        counter: 0,
        rotations: Vec::new(),
        bound: false,
        details: Details::default(),
    }
}

/// A sign-in of a user as they are, by a cookie and with a grant.
pub(super) fn begin(user: &User, n: u8) -> Begin {
    Begin {
        who: Who::Known { user: user.id, generation: user.generation },
        session: session(n, Some(user.id)),
        secret: Some(digest(n)),
        grant: Some(grant(n, Some(user.id), Some(session_id(n)))),
        earlier: None,
        limit: None,
        link: None,
        device: None,
    }
}

/// A sign-up: user and session together.
pub(super) fn begin_new(new: NewUser, n: u8) -> Begin {
    let begin = begin(&new.user, n);
    Begin { who: Who::New(Box::new(new)), ..begin }
}

/// A browser's session until now, by the default rules.
pub(super) fn earlier(id: SessionId) -> Earlier {
    let merge = Merge { rules: Vec::new(), limit: PLENTY, etag_seed: *id.as_bytes() };
    Earlier { id, merge, elsewhere: None }
}

pub(super) fn data_rule(
    namespace: &str,
    belongs: Belongs,
    at_sign_in: MergeRule,
) -> (ClientId, DataRule) {
    let namespace = Namespace::parse(namespace).unwrap();
    (client_id("shop"), DataRule { namespace, belongs, at_sign_in })
}

/// A link that works for a minute.
pub(super) fn link(n: u8, purpose: Purpose) -> Link {
    Link { digest: digest(n), purpose, created_at: START, expires_at: at(60) }
}

/// A request of the client `shop` that waits for a minute.
pub(super) fn initial_token_id(n: u8) -> InitialTokenId {
    InitialTokenId::new(START, [n; 10])
}

/// A right to register `uses` clients within a minute, by the digest `n`.
pub(super) fn initial_token(n: u8, uses: Option<u32>) -> InitialToken {
    InitialToken {
        id: initial_token_id(n),
        digest: digest(n),
        note: format!("token {n}"),
        created_at: at(0),
        expires_at: at(60),
        uses_left: uses,
    }
}

pub(super) fn pushed_request(n: u8) -> PushedRequest {
    PushedRequest {
        digest: digest(n),
        client: client_id("shop"),
        request: format!(r#"{{"state":"{n}"}}"#),
        created_at: START,
        expires_at: at(60),
    }
}

/// A code of the client `shop` that works for a minute.
pub(super) fn code(n: u8, user: UserId, session: SessionId) -> Code {
    Code {
        digest: digest(n),
        client: client_id("shop"),
        user,
        session,
        request: format!(r#"{{"nonce":"{n}"}}"#),
        created_at: START,
        expires_at: at(60),
    }
}

/// A code that is given without more.
pub(super) fn new_code(code: Code) -> NewCode {
    NewCode { code, spends: None, rests_on_consent: false }
}

/// A consent to some scopes, which stand in their order.
pub(super) fn consent<const N: usize>(user: UserId, client: &str, scope: [&str; N]) -> Consent {
    Consent {
        user,
        client: client_id(client),
        scope: scope.map(str::to_owned).to_vec(),
        claims: Vec::new(),
        at: START,
    }
}

/// Code `n` for a grant.
pub(super) fn redeem(n: u8, grant: Grant) -> Redeem {
    Redeem { digest: digest(n), grant, relying_party: None }
}

/// A client that knows whose session `n` is.
pub(super) fn relying_party(n: u8, client: &str) -> RelyingParty {
    RelyingParty {
        session: session_id(n),
        client: client_id(client),
        subject: "the user".to_owned(),
        failures: 0,
        try_at: START,
    }
}

pub(super) fn client(name: &str) -> Client {
    Client {
        id: client_id(name),
        name: name.to_uppercase(),
        template: Template::Web,
        first_party: true,
        carriers: vec![Carrier::Cookie],
        token_places: Vec::new(),
        lifetimes: Template::Web.lifetimes(),
        audiences: Vec::new(),
        scopes: vec!["openid".to_owned()],
        algorithm: None,
        origins: vec![format!("https://{name}.example.com")],
        authentication: Vec::new(),
        data: Vec::new(),
        data_of_others: Vec::new(),
        registration: Registration::default(),
        created_at: START,
    }
}

/// A document of the client `shop`.
pub(super) fn key(owner: Owner, namespace: &str) -> DocumentKey {
    let namespace = Namespace::parse(namespace).unwrap();
    DocumentKey { owner, client: client_id("shop"), namespace }
}

pub(super) fn etag(n: u8) -> Etag {
    Etag([n; 16])
}

/// A change onto whatever is there, by the right of the owner.
pub(super) fn write(key: DocumentKey, change: Change, n: u8) -> Write {
    let by = match key.owner {
        Owner::User(user) => Hanging::User(user),
        Owner::Session(session) => Hanging::Session(session),
    };
    Write { key, by, seen: Seen::Unsaid, change, etag: etag(n), limit: PLENTY }
}

/// Makes user `n`.
pub(super) async fn sign_up(store: &dyn Store, n: u8) -> User {
    insert(store, new_user(n)).await
}

/// Makes this user.
pub(super) async fn insert(store: &dyn Store, new: NewUser) -> User {
    let id = new.user.id;
    assert_eq!(store.insert_user(new, &act(Kind::SignedUp)).await.unwrap(), InsertUser::Done);
    look_at(store, id).await
}

/// Begins session `n` of a user, with secret `n` and grant `n`.
pub(super) async fn sign_in(store: &dyn Store, user: &User, n: u8) -> Session {
    begun(store, begin(user, n)).await;
    store.find_session_by_id(session_id(n)).await.unwrap().expect("the session is there").session
}

/// Begins a session; answers the rows of what ended for it.
pub(super) async fn begun(store: &dyn Store, begin: Begin) -> Vec<Row> {
    match store.begin_session(begin, &act(Kind::SignedIn)).await.unwrap() {
        Begun::Done(Done { rows, .. }) => rows,
        refused => panic!("the sign-in was refused: {refused:?}"),
    }
}

/// Lets guest `n` in, with secret `n`.
pub(super) async fn come_as_guest(store: &dyn Store, n: u8) -> Session {
    let guest = session(n, None);
    store.insert_guest(guest.clone(), Some(digest(n)), None, &act(Kind::GuestCame)).await.unwrap();
    guest
}

/// Lets guest `n` in, with secret `n` and grant `n`. It is the grant by which a guest is carried as tokens; the secret is
/// there so that what is said of it can be seen by the same way as of the others.
pub(super) async fn come_with_tokens(store: &dyn Store, n: u8) -> Session {
    let guest = session(n, None);
    let grant = grant(n, None, Some(guest.id));
    store
        .insert_guest(guest.clone(), Some(digest(n)), Some(grant), &act(Kind::GuestCame))
        .await
        .unwrap();
    guest
}

/// Makes grant `n` a user's own: it hangs from no session.
pub(super) async fn give_own_grant(store: &dyn Store, user: &User, n: u8) {
    let begin = Begin { grant: Some(grant(n, Some(user.id), None)), ..begin(user, n) };
    begun(store, begin).await;
    let ended = store.end_session(session_id(n), Reason::SignedOut, &ending()).await.unwrap();
    assert!(ended.is_some());
}

/// Keeps a document, whatever was there.
pub(super) async fn put(store: &dyn Store, key: DocumentKey, value: Value, n: u8) {
    let write = write(key, Change::Put(value.clone()), n);
    let written = store.write_data(write, &act(Kind::ProfileChanged)).await.unwrap();
    assert_eq!(written, Written::Done(Some(Document { value, etag: etag(n) })));
}

/// Allows a client something.
pub(super) async fn give_consent(store: &dyn Store, consent: Consent) {
    let answer = store.give_consent(consent, &act(Kind::ConsentGiven)).await.unwrap();
    assert!(matches!(answer, GiveConsent::Done(_)), "{answer:?}");
}

/// Gives a code that answers no pushed request.
pub(super) async fn give_code(store: &dyn Store, code: Code) {
    assert_eq!(store.insert_code(new_code(code), at(0)).await.unwrap(), InsertCode::Done);
}

/// Keeps a link that has a point.
pub(super) async fn insert_link(store: &dyn Store, link: Link) {
    let inserted = store.insert_link(link, &act(Kind::LinkMade)).await.unwrap();
    assert_eq!(inserted, InsertLink::Done);
}

pub(super) async fn insert_initial_token(store: &dyn Store, token: InitialToken) {
    store.insert_initial_token(token, &act(Kind::InitialTokenMade)).await.unwrap();
}
