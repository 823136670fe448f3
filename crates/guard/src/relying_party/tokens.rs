//! The tokens of a session: a code becomes them (RFC 6749 §4.1.3), they become newer ones (§6), and are given back
//! (RFC 7009).

use std::sync::Arc;

use cloakroom_jose::{Error, Expectations, TrustedKeys};
use http::StatusCode;
use serde::Deserialize;

use super::flow::{Flow, redirect_uri};
use super::id_token::{self, Person};
use super::session::{Session, Tokens, loosely_read};
use super::settings::Settings;
use super::store::StoreError;
use crate::guard::Shared;
use crate::http::{Answer, Unreachable};
use crate::provider::{ProviderError, form};

/// Why there are no tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The issuer says that it is over: the code or the refresh token is good for nothing any more.
    #[error("the sign-in took too long, or was used before")]
    NoLonger,
    /// What the issuer says of the user is not good.
    #[error("the issuer's answer was refused: {0}")]
    Refused(Error),
    /// Not as recently, or not in the way that was asked for.
    #[error("the issuer did not have it proved once more who you are")]
    NotProved,
    /// The issuer or the store does not answer, or not as it should.
    #[error("{0}")]
    Unavailable(Arc<str>),
    /// The issuer does not take this app for its client, or for one that may ask for this. Whoever set them up must mend it.
    #[error("{0}")]
    NoClient(Arc<str>),
}

impl Trouble {
    pub(super) fn unavailable(why: &str) -> Self {
        Self::Unavailable(why.into())
    }
}

impl From<ProviderError> for Trouble {
    fn from(why: ProviderError) -> Self {
        Self::unavailable(&why.to_string())
    }
}

impl From<Unreachable> for Trouble {
    fn from(why: Unreachable) -> Self {
        Self::unavailable(&why.to_string())
    }
}

impl From<StoreError> for Trouble {
    fn from(why: StoreError) -> Self {
        Self::Unavailable(format!("{why}: {}", why.0).into())
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    id_token: Option<String>,
}

/// How long an access token is used where the issuer does not say how long it lives, in seconds.
const UNSAID: u64 = 60;

/// How long somebody may be on the way back, in seconds.
const ON_THE_WAY: u64 = 60;

/// Tokens for a code.
pub(super) async fn redeem(
    shared: &Shared,
    settings: &Settings,
    flow: &Flow,
    code: &str,
    now: u64,
) -> Result<Session, Trouble> {
    let redirect_uri = redirect_uri(settings);
    let granted = granted(
        shared,
        settings,
        &[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", &flow.verifier),
        ],
    )
    .await?;
    let id_token = granted.id_token.as_deref().unwrap_or_default().to_owned();
    let mut person = person(shared, settings, &id_token, Some(&flow.nonce)).await?;
    check_proof(&person, flow, now, shared.provider.settings.leeway_seconds)?;
    let (grant_id, roles) = loosely_read(&granted.access_token);
    if person.roles.is_empty() {
        person.roles = roles;
    }
    let ends_at = now + settings.lifetime.as_secs();
    let tokens = granted.tokens(now)?;
    Ok(Session {
        person,
        id_token,
        tokens,
        given_at: now,
        grant_id,
        begun_at: now,
        used_at: now,
        ends_at,
    })
}

/// Newer tokens for those of a session.
pub(super) async fn refresh(
    shared: &Shared,
    settings: &Settings,
    session: &Session,
    refresh_token: &str,
    now: u64,
) -> Result<Session, Trouble> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let granted = granted(shared, settings, &form).await?;
    let mut next = Session { used_at: now, given_at: now, ..session.clone() };
    if let Some(id_token) = &granted.id_token {
        let told = person(shared, settings, id_token, None).await.map_err(|why| match why {
            Trouble::Refused(_) => Trouble::NoLonger,
            other => other,
        })?;
        // OpenID Connect Core §12.2: it is still about the same person.
        if told.sub != session.person.sub {
            return Err(Trouble::NoLonger);
        }
        let Person { acr, amr, authenticated_at, .. } = told;
        next.person = Person { acr, amr, authenticated_at, ..next.person };
        next.id_token.clone_from(id_token);
    }
    if let (Some(grant_id), roles) = loosely_read(&granted.access_token) {
        next.grant_id = Some(grant_id);
        next.person.roles = roles;
    }
    next.tokens = granted.tokens(now)?;
    // RFC 6749 §6: the old one goes on where no new one is given.
    next.tokens.refresh.get_or_insert_with(|| refresh_token.to_owned());
    Ok(next)
}

/// Gives the tokens back. Where the issuer does not take them they end with its session.
pub(super) async fn revoke(shared: &Shared, settings: &Settings, session: &Session) {
    let tokens = &session.tokens;
    let token = tokens.refresh.as_deref().unwrap_or(&tokens.access);
    let done = async {
        let metadata = shared.provider.metadata().await?;
        let Some(endpoint) = metadata.revocation_endpoint.as_deref() else { return Ok(()) };
        post(shared, settings, endpoint, &[("token", token)]).await.map(|_| ())
    };
    if let Err(why) = done.await {
        tracing::warn!(error = %why, "the tokens of a session were not given back");
    }
}

/// Verifies with the issuer's keys, after looking for new ones where the token names one that is not known.
pub(super) async fn verified<T>(
    shared: &Shared,
    read: impl Fn(&TrustedKeys) -> Result<T, Error>,
) -> Result<T, Trouble> {
    if !shared.provider.keys_are_there().await {
        return Err(Trouble::unavailable("the issuer's keys are not known"));
    }
    let ring = shared.provider.keys.ring();
    let first = read(&ring.keys());
    if !matches!(first, Err(Error::KeyUnknown)) {
        return first.map_err(Trouble::Refused);
    }
    shared.provider.look_for_keys().await;
    read(&ring.keys()).map_err(Trouble::Refused)
}

pub(super) fn expectations(shared: &Shared, settings: &Settings, typ: &str) -> Expectations {
    id_token::expectations(&shared.provider.settings, &settings.client.client_id, typ)
}

async fn person(
    shared: &Shared,
    settings: &Settings,
    token: &str,
    nonce: Option<&str>,
) -> Result<Person, Trouble> {
    let expect = expectations(shared, settings, "JWT");
    let now = shared.provider.clock().wall();
    let about = (settings.client.client_id.as_str(), nonce);
    verified(shared, |keys| id_token::read(token, keys, &expect, about, now)).await
}

/// OpenID Connect Core §3.1.2.1: whoever was to prove who they are did so, at the sign-in or not long before. Or they would be
/// sent there for ever.
fn check_proof(person: &Person, flow: &Flow, now: u64, leeway: u32) -> Result<(), Trouble> {
    let recent = flow.asked.max_age.is_none_or(|age| {
        let until = |at: u64| at.saturating_add(age).saturating_add(ON_THE_WAY + u64::from(leeway));
        person.authenticated_at.is_some_and(|at| now <= until(at))
    });
    let of_the_kind = flow.asked.acr_values.as_ref().is_none_or(|values| {
        person.acr.as_deref().is_some_and(|acr| values.split(' ').any(|one| one == acr))
    });
    if recent && of_the_kind { Ok(()) } else { Err(Trouble::NotProved) }
}

async fn granted(
    shared: &Shared,
    settings: &Settings,
    form: &[(&str, &str)],
) -> Result<Granted, Trouble> {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }

    let metadata = shared.provider.metadata().await?;
    let endpoint = metadata.token_endpoint.as_deref();
    let endpoint = endpoint.ok_or(ProviderError::Missing("token endpoint"))?;
    let resource = settings.resource.iter().map(|resource| ("resource", resource.as_str()));
    let form: Vec<_> = form.iter().copied().chain(resource).collect();
    let answer = post(shared, settings, endpoint, &form).await?;
    if answer.status == StatusCode::OK {
        return Ok(answer.json().ok_or(ProviderError::Unreadable("token answer"))?);
    }
    let error = answer.json::<Refused>().map(|said| said.error).unwrap_or_default();
    let (client_id, status) = (&settings.client.client_id, answer.status.as_u16());
    let why = || format!("the client {client_id} gets no tokens: {status} {error}").into();
    Err(match error.as_str() {
        "invalid_grant" => Trouble::NoLonger,
        "invalid_client" | "unauthorized_client" => Trouble::NoClient(why()),
        _ => Trouble::Unavailable(why()),
    })
}

async fn post(
    shared: &Shared,
    settings: &Settings,
    endpoint: &str,
    fields: &[(&str, &str)],
) -> Result<Answer, Trouble> {
    let (head, body) = form(&settings.client, endpoint, fields);
    let asked = head.body(body).map_err(|_| ProviderError::Address("endpoint"))?;
    Ok(shared.provider.http.send(asked).await?)
}

impl Granted {
    fn tokens(self, now: u64) -> Result<Tokens, Trouble> {
        // RFC 6750 alone: a token that wants more than to be presented would be of no use here.
        if !self.token_type.eq_ignore_ascii_case("bearer") {
            return Err(Trouble::unavailable("the issuer gives no token that can be used"));
        }
        let access_until = now.saturating_add(self.expires_in.unwrap_or(UNSAID));
        Ok(Tokens { access: self.access_token, access_until, refresh: self.refresh_token })
    }
}
