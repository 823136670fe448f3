//! Reading what a client asks, wherever the parameters are.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_model::authorization::PushedRequest;
use cloakroom_model::client::Client;
use cloakroom_model::grant::Confirmation;
use cloakroom_model::id::ClientId;
use cloakroom_model::secret::{Digest, Secret};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::authorization_request::{
    Arrival, AuthorizationRequest, Endpoint, REQUEST_URI_PREFIX, Refused, Rules, Source,
};
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;

use super::{Answer, KeptRequest};
use crate::Engine;
use crate::clients::RegisterError;
use crate::fetch::Fetch;
use crate::keys::KeysError;
use crate::possession::Unproved;
use crate::secret::{digest_of, from_text};
use crate::throttle::{Limited, What};
use crate::tokens::MintError;
use crate::visitor::Visitor;

/// What a client asks, read and checked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who asks.
    pub client: Arc<Client>,
    /// For what.
    pub request: AuthorizationRequest,
    /// When it came: whoever proved who they are since then has answered for it.
    pub began_at: Timestamp,
    /// Whether it cannot be read again: who needs it once more keeps it.
    pub comes_once: bool,
    /// Where it is kept, once it is.
    pub(super) kept: Option<Kept>,
}

/// A question that storage has.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) digest: Digest,
    /// The name under which a browser brings it.
    pub(super) request_uri: String,
    /// Whether it is kept for as long as a person may need.
    pub(super) for_a_person: bool,
    /// What tells the name under which its client pushed it from others; `None` where none did.
    pub(super) pushed: Option<String>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept(..)")
    }
}

/// Why a question is not answered with a code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswerable {
    /// Nobody knows where an answer may go: the person is told.
    #[error("{0}")]
    Shown(Error),
    /// The client is told.
    #[error("the client is told why")]
    Answered(Box<Answer>),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// An answer could not be signed.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] cloakroom_store::Error),
}

/// Where nobody knows the client, nobody knows where an answer may go.
impl From<RegisterError> for Unanswerable {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Refused(error) => Self::Shown(error),
            RegisterError::Limited(limited) => limited.into(),
            RegisterError::Store(error) | RegisterError::Keys(KeysError::Store(error)) => {
                error.into()
            }
            RegisterError::Keys(error) => cloakroom_store::Error::Corrupt(error.to_string()).into(),
            RegisterError::Off | RegisterError::Full => {
                Self::Shown(Error::new(Code::TemporarilyUnavailable, error.to_string()))
            }
        }
    }
}

/// Why a pushed request is not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// It cannot be answered, whoever brings it.
    #[error(transparent)]
    Refused(#[from] Error),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] cloakroom_store::Error),
}

impl From<Unproved> for PushError {
    fn from(why: Unproved) -> Self {
        match why {
            Unproved::Refused(error) => Self::Refused(error),
            Unproved::Limited(limited) => Self::Limited(limited),
            Unproved::Store(error) => Self::Store(error),
        }
    }
}

impl Question {
    /// What tells the name under which its client pushed it from others.
    pub(super) fn pushed_name(&self) -> Option<&str> {
        self.kept.as_ref()?.pushed.as_deref()
    }
}

impl Engine {
    /// Reads a question that a browser brings.
    pub async fn read_question(
        &self,
        form: &Form,
        visitor: &Visitor,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<Question, Unanswerable> {
        self.limits.check(What::Authorize, &visitor.address, self.time.now()).await?;
        let client = self.asking_client(form).await?;
        let source = Source::of(form, &client, Endpoint::Authorization);
        let comes_once = matches!(source, Ok(Source::Object(_) | Source::Elsewhere(_)));
        let opened = match source {
            Err(error) => Err(error.into()),
            Ok(Source::Parameters) => Ok(None),
            Ok(Source::Pushed(name)) => return self.read_kept(name, client).await,
            Ok(Source::Object(object)) => self.open_object(object, &client, fetch).await.map(Some),
            // It was not pushed, so nobody need fetch it to refuse it.
            Ok(Source::Elsewhere(_)) if self.rules().pushed_always => {
                Err(Error::from(Code::RequestUriNotSupported).into())
            }
            Ok(Source::Elsewhere(uri)) => {
                self.open_elsewhere(uri, &client, visitor, fetch).await.map(Some)
            }
        };
        let read = match opened {
            Ok(None) => self.read_parameters(form, &client, Arrival::default()),
            Ok(Some(inside)) => {
                let arrival = Arrival { pushed: false, signed: true };
                self.read_parameters(&inside, &client, arrival)
            }
            Err(Unproved::Refused(error)) => Err(Refused::beside(form, &client, error)),
            Err(Unproved::Limited(limited)) => return Err(limited.into()),
            Err(Unproved::Store(error)) => return Err(error.into()),
        };
        let began_at = self.time.now();
        match read {
            Ok(request) => Ok(Question { client, request, began_at, comes_once, kept: None }),
            Err(why) => Err(self.unanswerable(&client, why)),
        }
    }

    /// Keeps a question that its client itself sends ahead (RFC 9126), and answers the secret of the name under which a
    /// browser brings it. The client has proved itself as far as it must; `proved` is the key that it proved beside, which
    /// the code is for then.
    pub async fn push_question(
        &self,
        form: &Form,
        client: &Arc<Client>,
        proved: Option<&Confirmation>,
        visitor: &Visitor,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<Secret, PushError> {
        self.limits.check(What::Push, &visitor.address, self.time.now()).await?;
        let opened = match Source::of(form, client, Endpoint::Pushed)? {
            Source::Parameters => None,
            Source::Object(object) => Some(self.open_object(object, client, fetch).await?),
            // RFC 9126 §2.1.
            Source::Pushed(_) | Source::Elsewhere(_) => {
                return Err(Error::from(Code::InvalidRequest).into());
            }
        };
        let arrival = Arrival { pushed: true, signed: opened.is_some() };
        let request = self.read_parameters(opened.as_ref().unwrap_or(form), client, arrival);
        let mut request = request.map_err(|why| why.error().clone())?;
        // RFC 9449 §10.1.
        if let Some(Confirmation::Key(held)) = proved
            && request.dpop_jkt.get_or_insert_with(|| held.clone()) != held
        {
            let other = "dpop_jkt is not the key of the DPoP proof";
            return Err(Error::new(Code::InvalidDpopProof, other).into());
        }
        let now = self.time.now();
        let request = KeptRequest { request: Cow::Owned(request), pushed: None };
        Ok(self.keep(client, &request, now, now.plus(PushedRequest::PUSHED_LIVES)).await?)
    }

    /// Reads the parameters of a request, wherever they came from.
    pub(super) fn read_parameters(
        &self,
        form: &Form,
        client: &Client,
        arrival: Arrival,
    ) -> Result<AuthorizationRequest, Refused> {
        let rules = Rules { issuer: &self.settings.issuer, profile: self.rules() };
        AuthorizationRequest::read(form, client, arrival, &rules)
    }

    /// Finds a question that is kept. It is this client's own, or there is none.
    async fn read_kept(&self, name: &str, client: Arc<Client>) -> Result<Question, Unanswerable> {
        let unknown = || Unanswerable::Shown(Code::InvalidRequestUri.into());
        let digest = digest_of(&from_text(name).ok_or_else(unknown)?);
        let now = self.time.now();
        let found = self.store.find_pushed_request(&digest, now).await?;
        let kept = found.filter(|kept| kept.client == client.id).ok_or_else(unknown)?;
        let KeptRequest { request, pushed } = serde_json::from_str(&kept.request)
            .map_err(|error| cloakroom_store::Error::Corrupt(error.to_string()))?;
        let request_uri = format!("{REQUEST_URI_PREFIX}{name}");
        let for_a_person = kept.expires_at.since(kept.created_at) > PushedRequest::PUSHED_LIVES;
        let pushed = if for_a_person { pushed } else { Some(URL_SAFE_NO_PAD.encode(digest.0)) };
        let kept_as = Some(Kept { digest, request_uri, for_a_person, pushed });
        let (request, began_at) = (request.into_owned(), kept.created_at);
        Ok(Question { client, request, began_at, comes_once: false, kept: kept_as })
    }

    async fn asking_client(&self, form: &Form) -> Result<Arc<Client>, Unanswerable> {
        let id = ClientId::parse(form.require("client_id").map_err(Unanswerable::Shown)?).ok();
        let find = || id.as_ref().and_then(|id| self.clients.find(id));
        let mut client = find();
        if client.is_none() {
            // It may have registered at another node a moment ago.
            self.hear_to_the_end().await?;
            client = find();
        }
        let client = client.ok_or_else(|| {
            let why = "client_id is none that is known here";
            Unanswerable::Shown(Error::new(Code::InvalidRequest, why))
        })?;
        self.rules().admit(&client, Code::UnauthorizedClient).map_err(Unanswerable::Shown)?;
        Ok(client)
    }

    /// A question that is answered with an error.
    pub(super) fn refuse(&self, question: &Question, error: Error) -> Unanswerable {
        let Question { client, request, .. } = question;
        self.unanswerable(client, request.refused(client, error))
    }

    /// Says it to the client where that may be, and to the person otherwise.
    fn unanswerable(&self, client: &Client, why: Refused) -> Unanswerable {
        match why {
            Refused::Shown(error) => Unanswerable::Shown(error),
            Refused::Returned(returned) => match self.answer_error(client, *returned) {
                Ok(answer) => Unanswerable::Answered(Box::new(answer)),
                Err(error) => error.into(),
            },
        }
    }
}
