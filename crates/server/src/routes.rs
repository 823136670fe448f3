//! Every address of the server for programs, on one page: grouped by who calls, with all that may be answered.
//!
//! The router and the OpenAPI document are made from this table. Pages have their own.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use cloakroom_oauth::feed;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::api::admin::{
    clients, events, initial_tokens, keys, sessions as all_sessions, streams, users,
};
use crate::api::view::{AdminUserView, DevicesView, Ended, IdentityView, SignedInView};
use crate::api::{
    account, conversion, data, guest, problems, reauthenticate, revocations, session, sessions,
    sign_in, sign_up,
};
use crate::app::App;
use crate::face::Face;
use crate::forward_auth;
use crate::oauth::operations as oauth;
use crate::openapi;
use crate::operation::{CLIENT_ID, Operation, Schema, any, delete, get, patch, post, put};
use crate::pages::{ErrorKind, Pages};
use crate::problem::Kind::{
    ClientRefused, ClientTaken, Conflict, EmailTaken, EntryRefused, HostUnknown, InsufficientScope,
    LastAdministrator, NotFound, PreconditionFailed, PreconditionRequired, ProxyNotTrusted,
    ReauthenticationRequired, SignUpClosed, TooLarge, TooManyRequests, TooManySessions,
    UserRequired, WrongCredentials, WrongPassword,
};
use crate::problem::{Kind, Problem};
use crate::ssf::operations as ssf;

/// Every operation for programs.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [
        coming(),
        identity(),
        for_proxies(),
        documents(),
        my_account(),
        services(),
        users(),
        the_rest(),
        oauth::operations(),
        ssf::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// For whoever comes: no identity yet.
fn coming() -> Vec<Operation> {
    vec![
        post("/api/v1/sign-up", "signUp", sign_up::post)
            .says("Makes a user and a session")
            .reads::<sign_up::Request>()
            .answers::<SignedInView>(201, "The user is signed in")
            .with("set-cookie", "The session's cookie, where it is carried so")
            .refuses(&[SignUpClosed, ClientRefused, EmailTaken, TooManyRequests]),
        post("/api/v1/sign-in", "signIn", sign_in::sign_in)
            .says("Begins a session")
            .reads::<sign_in::Request>()
            .answers::<SignedInView>(200, "The user is signed in")
            .with("set-cookie", "The session's cookie, where it is carried so")
            .refuses(&[WrongCredentials, ClientRefused, TooManySessions, TooManyRequests]),
        post("/api/v1/guest", "beginGuest", guest::post)
            .says("Begins a session without a user")
            .reads::<guest::Request>()
            .answers::<SignedInView>(201, "The session")
            .with("set-cookie", "The session's cookie, where it is carried so")
            .refuses(&[ClientRefused, Conflict, TooManyRequests]),
        get("/problems/{code}", "explainProblem", problems::get)
            .says("Explains a kind of problem")
            .names_text("code", "The problem's code")
            .answers::<problems::View>(200, "What it means"),
    ]
}

/// What a follower of the feed says with a question, and hears with its answer.
pub(crate) const ASKED_AT: &str = "The place in the feed where the asker is";
pub(crate) const PASSED: &str =
    "The same place, where the feed was heard up to there before the answer was found";

/// For whoever has a session, whichever way it is carried.
fn identity() -> Vec<Operation> {
    vec![
        get("/api/v1/session", "whoAmI", session::get)
            .says("Who is there?")
            .identified()
            .takes("header", "cloakroom-place", text(), ASKED_AT)
            .answers::<IdentityView>(200, "The session and its user")
            .with("cloakroom-place", PASSED),
        post("/api/v1/session", "whoAmIByForm", session::post)
            .says("Who is there? For clients that may put their token into a form body")
            .identified()
            .reads_form(&[("access_token", false)])
            .takes("header", "cloakroom-place", text(), ASKED_AT)
            .answers::<IdentityView>(200, "The session and its user")
            .with("cloakroom-place", PASSED),
        post("/api/v1/session/token", "earnToken", conversion::token)
            .says("A cookie earns a short access token")
            .identified()
            .reads::<conversion::TokenRequest>()
            .answers::<conversion::ShortToken>(200, "The token")
            .refuses(&[ClientRefused, TooManyRequests]),
        post("/api/v1/session/cookie", "earnCookie", conversion::cookie)
            .says("A token earns a single-use link that leads to the cookie")
            .identified()
            .answers::<conversion::CookieLink>(200, "The link")
            .refuses(&[InsufficientScope, UserRequired, TooManyRequests]),
        post("/api/v1/sign-out", "signOut", sign_in::sign_out)
            .says("Ends this session")
            .identified()
            .reads_form(&[("access_token", false)])
            .or_nothing()
            .answers_nothing(204, "The session is over"),
    ]
}

/// For proxies, about requests that came to them.
fn for_proxies() -> Vec<Operation> {
    let said =
        |operation: Operation, name, meaning| operation.takes("header", name, text(), meaning);
    let asked = any("/forward-auth", "forwardAuth", forward_auth::answer)
        .says("May a request that came to a trusted proxy go on to the service behind it?")
        .identified();
    let asked = said(asked, "x-forwarded-method", "The method of that request");
    let asked = said(asked, "x-forwarded-proto", "Its scheme");
    let asked = said(asked, "x-forwarded-host", "Its host");
    let asked = said(asked, "x-forwarded-uri", "Its path and query");
    let asked = said(asked, "x-original-method", "Its method, as nginx is made to say it");
    let asked = said(asked, "x-original-url", "Its URL, as nginx is made to say it");
    vec![
        asked
            .answers_nothing(200, "It may")
            .with("x-cloakroom-user", "The user's id")
            .with("x-cloakroom-session", "The session")
            .with("x-cloakroom-level", "How surely the user is known: aal1, aal2 or aal3")
            .with(
                "x-cloakroom-token",
                "An access token for the service, where its rule asks for one there",
            )
            .with("authorization", "The same, where its rule asks for one there")
            .with("remote-user", "The user as the rule has the service call them")
            .with("remote-email", "Their email")
            .with("remote-groups", "Their roles, with commas between")
            .answers_nothing(302, "A person has to do something first")
            .with("location", "The page at which they do it, and which leads back")
            .refuses(&[
                ProxyNotTrusted,
                HostUnknown,
                EntryRefused,
                InsufficientScope,
                ReauthenticationRequired,
            ]),
    ]
}

/// For clients that keep data with a session.
fn documents() -> Vec<Operation> {
    const PATH: &str = "/api/v1/session/data/{namespace}";
    let of = |operation: Operation| {
        let namespace = json!({ "type": "string", "pattern": "^[a-z0-9._-]{1,64}$" });
        let client = json!({ "type": "string", "pattern": CLIENT_ID });
        operation
            .identified()
            .takes("path", "namespace", namespace, "The document's name")
            .takes(
                "query",
                "client_id",
                client,
                "Another client, whose namespace was granted to this one",
            )
            .refuses(&[ClientRefused])
    };
    let conditional = |operation: Operation| {
        of(operation)
            .takes("header", "if-match", versions(), "The version that was read, or *")
            .takes("header", "if-none-match", json!({ "const": "*" }), "* for a new document")
            .refuses(&[PreconditionFailed])
    };
    vec![
        of(get(PATH, "readData", data::get))
            .says("Reads a document")
            .takes("header", "if-none-match", text(), "Versions that the reader has")
            .answers_as(200, "The document", "application/json", Schema::any())
            .with("etag", "Names this version")
            .answers_nothing(304, "The reader has this version")
            .refuses(&[NotFound]),
        conditional(put(PATH, "putData", data::put))
            .says("Replaces a document, or makes it")
            .reads_as("application/json", Schema::any())
            .answers_nothing(204, "It is kept")
            .with("etag", "Names the new version")
            .refuses(&[PreconditionRequired, TooLarge]),
        conditional(patch(PATH, "patchData", data::patch))
            .says("Merges onto a document (RFC 7396)")
            .reads_as("application/merge-patch+json", Schema::any())
            .reads_as("application/json", Schema::any())
            .answers_as(200, "The document as it is now", "application/json", Schema::any())
            .with("etag", "Names the new version")
            .answers_nothing(204, "There is no document any more"),
        conditional(delete(PATH, "deleteData", data::delete))
            .says("Removes a document")
            .answers_nothing(204, "It is gone")
            .refuses(&[PreconditionRequired]),
    ]
}

/// For users, about their own account, by a first-party client.
fn my_account() -> Vec<Operation> {
    let proved = |operation: Operation| {
        operation.account().refuses(&[WrongPassword, Conflict, TooManyRequests])
    };
    vec![
        get("/api/v1/sessions", "listMySessions", sessions::list)
            .says("Where I am signed in")
            .account()
            .answers::<DevicesView>(200, "My sessions, the one used last first"),
        delete("/api/v1/sessions", "endMySessions", sessions::end_all)
            .says("Ends all my other sessions")
            .account()
            .takes("query", "all", json!({ "type": "boolean" }), "This one too")
            .answers::<Ended>(200, "How many ended")
            .refuses(&[ReauthenticationRequired]),
        delete("/api/v1/sessions/{sid}", "endMySession", sessions::end)
            .says("Ends one of my sessions")
            .account()
            .names("sid", "The session")
            .answers_nothing(204, "It is over")
            .refuses(&[ReauthenticationRequired]),
        proved(post("/api/v1/session/reauthenticate", "reauthenticate", reauthenticate::post))
            .says("Proves once more who I am")
            .reads::<reauthenticate::Request>()
            .answers::<IdentityView>(200, "The session, authenticated just now")
            .with("set-cookie", "The session's new secret, where it is carried so"),
        proved(post("/api/v1/password", "changePassword", account::change_password))
            .says("Changes my password")
            .reads::<account::ChangePassword>()
            .answers::<IdentityView>(200, "It is changed, and this session goes on")
            .with("set-cookie", "The session's new secret, where it is carried so"),
        proved(put("/api/v1/account", "changeNames", account::change_names))
            .says("Changes my email and my username")
            .reads::<account::ChangeNames>()
            .answers::<account::OneUser>(200, "The user as it is now"),
        proved(delete("/api/v1/account", "deleteAccount", account::delete))
            .says("Deletes my account")
            .reads::<account::DeleteAccount>()
            .answers_nothing(204, "It is gone, and everything with it")
            .refuses(&[LastAdministrator]),
    ]
}

/// For services, with a token of their own.
fn services() -> Vec<Operation> {
    vec![
        get("/api/v1/revocations", "followRevocations", revocations::get)
            .says("Tells a service what ends and changes, for as long as it listens")
            .by_service()
            .takes("header", "last-event-id", place(), "The place where the service was")
            .answers_as(
                200,
                "An endless stream of events",
                feed::MEDIA_TYPE,
                Schema::inline(text()),
            )
            .refuses(&[TooManyRequests]),
    ]
}

/// For administrators, about users, by a first-party client.
fn users() -> Vec<Operation> {
    const USER: &str = "The user's id";
    vec![
        get("/api/v1/admin/users", "listUsers", users::list)
            .says("All users, in the order in which they were made")
            .administrator()
            .pages("after", uuid())
            .takes("query", "begins_with", text(), "How their email or username begins")
            .answers::<users::Users>(200, "A piece of the list"),
        post("/api/v1/admin/users", "addUser", users::add)
            .says("Adds a user")
            .administrator()
            .reads::<users::New>()
            .answers::<AdminUserView>(201, "The user")
            .refuses(&[EmailTaken]),
        get("/api/v1/admin/users/{user}", "readUser", users::get)
            .says("One user")
            .administrator()
            .names("user", USER)
            .answers::<AdminUserView>(200, "The user"),
        delete("/api/v1/admin/users/{user}", "deleteUser", users::delete)
            .says("Deletes a user and all that is theirs")
            .administrator()
            .names("user", USER)
            .answers_nothing(204, "The user is gone")
            .refuses(&[Conflict, LastAdministrator]),
        post("/api/v1/admin/users/{user}/disable", "disableUser", users::disable)
            .says("Keeps a user out; every session and grant of theirs ends")
            .administrator()
            .names("user", USER)
            .answers_nothing(204, "The user is out")
            .refuses(&[Conflict, LastAdministrator]),
        post("/api/v1/admin/users/{user}/enable", "enableUser", users::enable)
            .says("Lets a user in again")
            .administrator()
            .names("user", USER)
            .answers_nothing(204, "The user may come in")
            .refuses(&[Conflict]),
        post("/api/v1/admin/users/{user}/unlock", "unlockUser", users::unlock)
            .says("Forgets the failures at a user's password")
            .administrator()
            .names("user", USER)
            .answers_nothing(204, "They are forgotten"),
        put("/api/v1/admin/users/{user}/roles", "setRoles", users::set_roles)
            .says("Replaces what a user may do")
            .administrator()
            .names("user", USER)
            .reads::<users::Roles>()
            .answers_nothing(204, "It is so from now on")
            .refuses(&[Conflict, LastAdministrator]),
        post("/api/v1/admin/users/{user}/recovery-link", "makeRecoveryLink", users::recovery_link)
            .says("Makes a link by which a locked-out user chooses a new password")
            .administrator()
            .names("user", USER)
            .answers::<users::RecoveryLink>(201, "The link")
            .refuses(&[Conflict, TooManyRequests]),
        get("/api/v1/admin/users/{user}/sessions", "listSessionsOfUser", users::sessions)
            .says("Where a user is signed in")
            .administrator()
            .names("user", USER)
            .answers::<DevicesView>(200, "The user's sessions"),
        delete("/api/v1/admin/users/{user}/sessions", "endSessionsOfUser", users::end_sessions)
            .says("Signs a user out everywhere")
            .administrator()
            .names("user", USER)
            .answers::<Ended>(200, "How many sessions ended"),
    ]
}

/// For administrators, about everything else, by a first-party client.
fn the_rest() -> Vec<Operation> {
    vec![
        get("/api/v1/admin/sessions", "listSessions", all_sessions::list)
            .says("All signed-in sessions, in the order in which they began")
            .administrator()
            .pages("after", uuid())
            .answers::<DevicesView>(200, "A piece of the list"),
        delete("/api/v1/admin/sessions/{sid}", "endSession", all_sessions::end)
            .says("Ends any session")
            .administrator()
            .names("sid", "The session")
            .answers_nothing(204, "It is over"),
        get("/api/v1/admin/clients", "listClients", clients::list)
            .says("All clients, by name")
            .administrator()
            .answers::<clients::Clients>(200, "The clients"),
        post("/api/v1/admin/clients", "addClient", clients::add)
            .says("Registers a client")
            .administrator()
            .reads::<clients::New>()
            .answers::<clients::Added>(201, "The client, and its secret this once")
            .refuses(&[ClientTaken]),
        get("/api/v1/admin/clients/{client_id}", "readClient", clients::get)
            .says("One client")
            .administrator()
            .names_client()
            .answers::<clients::View>(200, "The client"),
        delete("/api/v1/admin/clients/{client_id}", "removeClient", clients::remove)
            .says("Removes a client; its grants end")
            .administrator()
            .names_client()
            .answers_nothing(204, "It is gone")
            .refuses(&[Conflict]),
        get("/api/v1/admin/initial-tokens", "listInitialTokens", initial_tokens::list)
            .says("The initial access tokens by which clients can register themselves")
            .administrator()
            .answers::<initial_tokens::InitialTokens>(200, "Those that work"),
        post("/api/v1/admin/initial-tokens", "makeInitialToken", initial_tokens::make)
            .says("Makes an initial access token (RFC 7591 section 3)")
            .administrator()
            .reads::<initial_tokens::New>()
            .answers::<initial_tokens::Made>(201, "The token, this once"),
        delete("/api/v1/admin/initial-tokens/{id}", "removeInitialToken", initial_tokens::remove)
            .says("Takes an initial access token back")
            .administrator()
            .names("id", "The token's id")
            .answers_nothing(204, "It registers nobody any more"),
        get("/api/v1/admin/keys", "listKeys", keys::list)
            .says("All signing keys, without what signs")
            .administrator()
            .answers::<keys::Keys>(200, "The keys, the oldest first"),
        post("/api/v1/admin/keys/rotate", "rotateKey", keys::rotate)
            .says("Retires the current key of an algorithm, and signs with its successor")
            .administrator()
            .reads::<keys::Rotate>()
            .answers::<keys::View>(200, "The key that signs now")
            .refuses(&[Conflict]),
        post("/api/v1/admin/keys/{kid}/compromise", "compromiseKey", keys::compromise)
            .says("Gives a key up: whatever it signed is refused")
            .administrator()
            .names_text("kid", "The key's name")
            .answers_nothing(204, "Nobody trusts it any more")
            .refuses(&[Conflict]),
        get("/api/v1/admin/streams", "listStreams", streams::list)
            .says("All streams of signals, with how far behind their receivers are")
            .administrator()
            .answers::<streams::Streams>(200, "The streams"),
        get("/api/v1/admin/events", "listEvents", events::list)
            .says("What happened, the latest first")
            .administrator()
            .pages("before", json!({ "type": "integer", "minimum": 0 }))
            .takes("query", "user", uuid(), "Only what happened to this user")
            .answers::<events::Events>(200, "A piece of the list"),
    ]
}

/// Everything that the server answers, but for what the edge answers itself.
pub fn router(app: App) -> Router {
    let operations = operations();
    let shortest = app.engine.settings().password.minimum.code_points();
    let document = openapi::document(&operations, &app.address, shortest);
    let pages = Arc::new(Pages::new(&app, "Cloakroom".to_owned()));
    operations
        .into_iter()
        .fold(Router::new(), |router, operation| router.route(operation.path, operation.route))
        // For proxies that put the path of a request behind ours, which may be the root.
        .route("/forward-auth/", axum::routing::any(forward_auth::answer))
        .route("/forward-auth/{*path}", axum::routing::any(forward_auth::answer))
        .route("/openapi.json", axum::routing::get(async move || openapi_answer(&document)))
        .method_not_allowed_fallback(async || Problem::new(Kind::MethodNotAllowed))
        .with_state(app)
        .merge(Arc::clone(&pages).router())
        .fallback(async move |request: Request| nothing_here(&request, &pages))
}

fn nothing_here(request: &Request, pages: &Pages) -> Response {
    if Face::of(request.uri().path()) == Face::Page {
        pages.error(ErrorKind::NotFound)
    } else {
        Problem::new(NotFound).into_response()
    }
}

fn openapi_answer(document: &Arc<str>) -> Response {
    let mut response = Response::new(document.to_string().into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn place() -> Value {
    json!({ "type": "string", "pattern": "^(|(0|[1-9][0-9]{0,18})\\.[0-9a-f]{16})$" })
}

fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

/// RFC 9110 §13.1.1: `*`, or at most four tags.
fn versions() -> Value {
    let tag = "(W/)?\"[!#-~]*\"";
    json!({ "type": "string", "pattern": format!("^(\\*|{tag}( *, *{tag}){{0,3}})$") })
}
