//! How a request brings its identity. Handlers see the identity alone.
//!
//! A token that is presented counts and a cookie beside it does not: whoever writes a header means it, while a browser
//! adds cookies by itself.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use cloakroom_engine::devices::EndError;
use cloakroom_engine::identity::{Identity, NotSignedIn};
use cloakroom_engine::possession::Unproved;
use cloakroom_engine::reauthenticate::NotFresh;
use cloakroom_model::client::Client;
use cloakroom_model::event::Actor;
use cloakroom_model::id::UserId;
use cloakroom_model::session::Carrier;
use cloakroom_oauth::bearer::{Carried, Needs};
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use cloakroom_oauth::scope::Scope;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::app::App;
use crate::layers::cors::origin_of;
use crate::presented::{Presented, challenges, is_about_proof};
use crate::problem::{Kind, Problem};

/// Who calls.
pub struct Caller {
    /// The identity.
    pub identity: Identity,
    origin: Option<String>,
}

impl Caller {
    /// Finds out who calls. `form` is the body, where it may hold a token.
    pub async fn of(app: &App, parts: &Parts, form: Option<&Form>) -> Result<Self, Problem> {
        let origin = origin_of(&parts.headers).map(str::to_owned);
        let query = parts.uri.query().filter(|query| query.contains("access_token"));
        let query = query.map(|query| Form::parse(query.as_bytes())).transpose();
        let query = query.map_err(|malformed| refused(app, &malformed.into()))?;
        let in_query = query.as_ref().and_then(|query| query.value("access_token"));
        let in_body = form.and_then(|form| form.value("access_token"));
        let presented = Presented::of(app, parts, in_body, in_query);
        let identity = match presented.map_err(|error| refused(app, &error))? {
            Some(presented) => by_token(app, &presented).await?,
            None => by_cookie(app, &parts.headers).await?,
        };
        Ok(Self { identity, origin })
    }

    /// The same where the identifying cookie is enough: to be shown who is there.
    pub async fn of_anybody(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let headers = &parts.headers;
        let has_another =
            || headers.contains_key(AUTHORIZATION) || app.session_cookie(headers).is_some();
        match app.session_cookies.identifying(headers) {
            Some(cookie) if !has_another() => {
                let checked = app.engine.check_identifying_cookie(cookie).await;
                let identity = checked.map_err(|why| not_signed_in(app, why, Carrier::Cookie))?;
                Ok(Self { identity, origin: origin_of(headers).map(str::to_owned) })
            }
            _ => Self::of(app, parts, None).await,
        }
    }

    /// The client that the request acts for.
    pub fn client(&self, app: &App) -> Result<Arc<Client>, Problem> {
        app.engine.acting_client(&self.identity, self.origin.as_deref()).ok_or_else(|| {
            Problem::because(Kind::ClientRefused, "No client is known by this token or origin.")
        })
    }

    /// Whether the identity came in a cookie.
    #[must_use]
    pub fn by_cookie(&self) -> bool {
        self.identity.carrier == Carrier::Cookie
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Self::of(app, parts, None).await
    }
}

/// A user who manages their own account, by a first-party client.
pub struct Account(pub Caller);

impl Account {
    /// The user's name.
    pub fn user_id(&self) -> Result<UserId, Problem> {
        self.0.identity.user_id().ok_or_else(|| Problem::new(Kind::UserRequired))
    }
}

impl FromRequestParts<App> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let account = Self(Caller::from_request_parts(parts, app).await?);
        account.user_id()?;
        if account.0.client(app)?.first_party {
            return Ok(account);
        }
        let detail = "Only a first-party client may manage somebody's account.";
        Err(Problem::because(Kind::ClientRefused, detail))
    }
}

/// An administrator, by a first-party client.
pub struct Administrator {
    /// Who calls.
    pub caller: Caller,
    /// The administrator as the actor of what they do.
    pub actor: Actor,
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Account(caller) = Account::from_request_parts(parts, app).await?;
        match &caller.identity.session.user {
            Some(user) if user.is_admin() => {
                let actor = Actor::User(user.id);
                Ok(Self { caller, actor })
            }
            _ => Err(Problem::new(Kind::AdminRequired)),
        }
    }
}

/// RFC 6750 §3.1: the token allows less than the request needs.
#[must_use]
pub fn lacks_scope(app: &App, scope: &str) -> Problem {
    lacks_scopes(app, vec![scope.to_owned()])
}

/// The same where several words are needed.
#[must_use]
pub(crate) fn lacks_scopes(app: &App, scopes: Vec<String>) -> Problem {
    let error = Error::from(Code::InsufficientScope);
    let scope = Scope::of(scopes);
    challenge(Problem::new(Kind::InsufficientScope), app, Some(&error), Needs::Scope(&scope))
}

/// RFC 9470 §3: whoever is there proved it too long ago for this.
#[must_use]
pub fn not_ended(app: &App, error: EndError) -> Problem {
    let EndError::NotFresh(NotFresh { within }) = error else {
        return error.into();
    };
    let refused = Error::from(Code::InsufficientUserAuthentication);
    challenge(error.into(), app, Some(&refused), Needs::ProofWithin(within))
}

/// RFC 6750 §3: there is neither a token nor a cookie.
#[must_use]
pub fn nobody(app: &App) -> Problem {
    challenge(Problem::new(Kind::NotSignedIn), app, None, Needs::Nothing)
}

/// The session ended while the request was on its way.
#[must_use]
pub fn session_ended(app: &App) -> Problem {
    challenge(Problem::new(Kind::SessionUnknown), app, None, Needs::Nothing)
}

async fn by_token(app: &App, presented: &Presented<'_>) -> Result<Identity, Problem> {
    let Presented { token, place, .. } = presented;
    let checked = app.engine.check_bound_token(token, presented.key().as_ref()).await;
    let identity = checked.map_err(|why| not_signed_in(app, why, Carrier::Token))?;
    if place.is_some() {
        let client = app.engine.find_client(&identity.client);
        let places = client.map(|client| client.token_places.clone()).unwrap_or_default();
        let carried = Carried { token, place: *place };
        carried.allowed_by(&places).map_err(|error| refused(app, &error))?;
    }
    spend_proof(app, presented).await?;
    Ok(identity)
}

/// Has the proof of a good token count, where there is one.
pub(crate) async fn spend_proof(app: &App, presented: &Presented<'_>) -> Result<(), Problem> {
    presented.spend_proof(app).await.map_err(|why| match why {
        Unproved::Refused(error) => refused(app, &error),
        Unproved::Store(error) => error.into(),
        other => crate::refusals::internal(&other),
    })
}

async fn by_cookie(app: &App, headers: &HeaderMap) -> Result<Identity, Problem> {
    let Some(cookie) = app.session_cookie(headers) else {
        return Err(nobody(app));
    };
    app.engine.check_cookie(&cookie).await.map_err(|why| not_signed_in(app, why, Carrier::Cookie))
}

pub(crate) fn not_signed_in(app: &App, why: NotSignedIn, carrier: Carrier) -> Problem {
    let kind = match why {
        NotSignedIn::NoSession => Kind::SessionUnknown,
        NotSignedIn::Expired => Kind::SessionExpired,
        NotSignedIn::Replaced(_) => Kind::SessionReplaced,
        NotSignedIn::Token(_) | NotSignedIn::Unbound => Kind::InvalidToken,
        NotSignedIn::Revoked => Kind::TokenRevoked,
        NotSignedIn::Store(error) => return error.into(),
        // The engine may learn of more reasons; all of them mean the same to a caller.
        _ => Kind::NotSignedIn,
    };
    // RFC 6750 §3.1: a code only where a token was presented.
    let error =
        (carrier == Carrier::Token).then(|| Error::new(Code::InvalidToken, kind.row().sentence));
    challenge(Problem::new(kind), app, error.as_ref(), Needs::Nothing)
}

/// A token that cannot be read or stands in the wrong place, or a proof that is not for it.
pub(crate) fn refused(app: &App, error: &Error) -> Problem {
    let (kind, field) = match error.code {
        _ if is_about_proof(error) => (Kind::InvalidToken, "DPoP"),
        Code::InvalidToken => (Kind::InvalidToken, "access_token"),
        _ => (Kind::InvalidRequest, "access_token"),
    };
    let problem = Problem::because(kind, format!("{}.", capitalised(&error.description)));
    challenge(problem.and_field(field, error.description.clone()), app, Some(error), Needs::Nothing)
}

pub(crate) fn challenge(
    problem: Problem,
    app: &App,
    refused: Option<&Error>,
    needs: Needs<'_>,
) -> Problem {
    let headers = challenges(app, refused, needs);
    headers.into_iter().fold(problem, |problem, (name, value)| problem.header(name, value))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
