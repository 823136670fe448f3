//! The authorization endpoint (RFC 6749 §4.1, OpenID Connect Core §3.1.2): from a question to a code.
//!
//! A browser comes with a question, goes away to sign in or to consent, and comes back with the name under which the
//! question is kept. Each time the question is read anew, and what is still missing is decided with what is true by
//! then; nothing that a page did is believed because a page says so.

mod answer;
mod code;
mod consent;
mod elsewhere;
mod hint;
mod object;
mod question;

use std::borrow::Cow;

use cloakroom_model::authorization::PushedRequest;
use cloakroom_model::client::Client;
use cloakroom_model::policy::authorization::{Consented, Decision, Person, Why};
use cloakroom_model::secret::Secret;
use cloakroom_model::session::Acr;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::authorization_request::AuthorizationRequest;
use cloakroom_oauth::error::Code;
use cloakroom_oauth::pushed_authorization::request_uri;
use cloakroom_store::Error;
use serde::{Deserialize, Serialize};

pub use self::answer::Answer;
pub use self::question::{PushError, Question, Unanswerable};
use crate::Engine;
use crate::identity::Identity;
use crate::secret::digest_of;

/// What comes next for a question.
#[derive(Debug)]
pub enum Next {
    /// Somebody signs in, perhaps as another than is there now.
    SignIn,
    /// The person who is there proves again who they are.
    Reauthenticate,
    /// The person says that the account is the right one, or takes another.
    Choose,
    /// The person makes an account.
    SignUp,
    /// The person consents.
    Consent,
    /// The client is answered.
    Answer(Answer),
}

impl Engine {
    /// Decides what a question needs next, and answers it where nothing is missing. `chosen` says that the person said,
    /// for this very question, that the account is the right one.
    pub async fn next_for(
        &self,
        question: &Question,
        identity: Option<&Identity>,
        chosen: bool,
    ) -> Result<Next, Unanswerable> {
        let Question { client, request, began_at, .. } = question;
        let person = identity.and_then(|identity| person(identity, chosen));
        let consented = match &person {
            Some(person) => self.consented(question, person.user).await?,
            None => Consented::NotToAll,
        };
        let hinted = self.hinted(request, client, person.as_ref().map(|person| person.user));
        let hinted = hinted.map_err(|error| self.refuse(question, error))?;
        let asked = request.asked(&client.registration.requests, *began_at, hinted);
        let now = self.time.now();
        Ok(match asked.decide(person.as_ref(), consented, now) {
            Decision::SignIn => Next::SignIn,
            Decision::Reauthenticate(_) => Next::Reauthenticate,
            Decision::SelectAccount => Next::Choose,
            Decision::CreateAccount => Next::SignUp,
            Decision::Consent => Next::Consent,
            Decision::Refuse(why) => return Err(self.refuse(question, code_of(why).into())),
            Decision::Issue => match identity {
                Some(identity) => {
                    let rests_on_consent = matches!(consented, Consented::ToAll(_));
                    Next::Answer(self.give_code(question, identity, rests_on_consent).await?)
                }
                None => Next::SignIn,
            },
        })
    }

    /// The client is told that the person said no.
    #[must_use]
    pub fn deny(&self, question: &Question) -> Unanswerable {
        self.refuse(question, Code::AccessDenied.into())
    }

    /// Keeps a question while its person is asked, and answers the name under which a browser brings it again: the value
    /// of `request_uri`. One that is kept for that already keeps its name.
    pub async fn keep_question(&self, question: &Question) -> Result<String, Error> {
        if let Some(kept) = question.kept.as_ref().filter(|kept| kept.for_a_person) {
            return Ok(kept.request_uri.clone());
        }
        let until = self.time.now().plus(PushedRequest::BROUGHT_LIVES);
        let Question { client, request, began_at, .. } = question;
        let request = KeptRequest {
            request: Cow::Borrowed(request),
            pushed: question.pushed_name().map(str::to_owned),
        };
        Ok(request_uri(&self.keep(client, &request, *began_at, until).await?).to_string())
    }

    async fn keep(
        &self,
        client: &Client,
        request: &KeptRequest<'_>,
        began_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Secret, Error> {
        let secret = self.random.secret();
        self.store
            .insert_pushed_request(PushedRequest {
                digest: digest_of(&secret),
                client: client.id.clone(),
                request: text_of(request)?,
                created_at: began_at,
                expires_at,
            })
            .await?;
        Ok(secret)
    }
}

/// A request as it is kept while its person is asked.
#[derive(Deserialize, Serialize)]
struct KeptRequest<'a> {
    #[serde(flatten)]
    request: Cow<'a, AuthorizationRequest>,
    /// What tells the name under which its client pushed it from others, so that it is answered once however often the
    /// browser came with that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pushed: Option<String>,
}

/// Why a question cannot be answered, as its client reads it (OpenID Connect Core §3.1.2.6).
const fn code_of(why: Why) -> Code {
    match why {
        Why::LoginRequired => Code::LoginRequired,
        Why::AccountSelectionRequired => Code::AccountSelectionRequired,
        Why::ConsentRequired => Code::ConsentRequired,
        Why::InteractionRequired => Code::InteractionRequired,
        Why::UnmetAuthenticationRequirements => Code::UnmetAuthenticationRequirements,
    }
}

/// Who is there, where it is somebody with an account who may act.
fn person(identity: &Identity, chosen: bool) -> Option<Person> {
    identity.may_act().ok()?;
    Some(Person {
        user: identity.user_id()?,
        authentication: identity.session.session.authentication.clone()?,
        // One factor is all there is.
        reach: Acr::Aal1,
        chosen,
    })
}

/// A request as storage keeps it.
fn text_of(request: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(request).map_err(|error| Error::Corrupt(error.to_string()))
}
