//! `/sign-up`, and what a refused sign-up means field by field.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::sign_up::{Problem as Unfit, SignUp as Wish, SignUpError};
use cloakroom_model::password::Password;
use cloakroom_model::secret::Secret;
use cloakroom_model::session::Carrier;
use cloakroom_oauth::form::Form;
use http::StatusCode;

use super::authorize::leading_on;
use super::failure::Failure;
use super::form_token::Purpose;
use super::note::Note;
use super::sign_in::{carried, go_on};
use super::trouble::{self, of_pool};
use super::view::form::Trouble;
use super::view::sign_up::{BadPassword, Problem, SignUp, SignUpClosed};
use super::visit::{Visit, Who, leave_note, read, return_to};
use super::{Pages, reply};

/// The form, or straight on where somebody is signed in already.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Failure> {
    let onward = visit.return_to();
    if let Who::Member(_) = visit.who(&pages).await? {
        return Ok(go_on(onward.as_ref()));
    }
    if !pages.site.sign_up_open {
        return Ok(closed(&pages));
    }
    let view = SignUp::new(&pages.site, visit.token(&pages, Purpose::SignUp), onward.clone());
    let page = visit.known(&pages, reply::page(&pages, StatusCode::OK, &view));
    leading_on(&pages, &visit, onward.as_ref(), page).await
}

/// Makes the account and signs in, or shows the form again with what was wrong.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    let typed = Typed::of(&form);
    let onward = return_to(&form);
    let again = async |refused: &Refused| {
        let view = SignUp::new(&pages.site, visit.token(&pages, Purpose::SignUp), onward.clone())
            .typed(typed.email, typed.username)
            .refused(&refused.problems);
        let page = visit.known(&pages, reply::page(&pages, refused.status, &view));
        leading_on(&pages, &visit, onward.as_ref(), refused.finish(page)).await
    };
    if !visit.may_send(&pages, Purpose::SignUp, &form) {
        return again(&Refused::by(Trouble::Expired)).await;
    }
    match typed.sign_up(&pages, &visit, None).await {
        Ok(signed_in) => {
            let response = carried(&pages, &signed_in, go_on(onward.as_ref()));
            Ok(leave_note(&pages, response, Note::Welcome))
        }
        Err(NoAccount::Closed) => Ok(closed(&pages)),
        Err(NoAccount::Refused(refused)) => again(&refused).await,
        Err(NoAccount::Failure(failure)) => Err(failure),
        Err(NoAccount::LinkSpent) => Ok(Failure::Internal.into_response()),
    }
}

fn closed(pages: &Pages) -> Response {
    reply::page(pages, StatusCode::FORBIDDEN, &SignUpClosed { site: &pages.site })
}

/// What somebody who wants an account typed.
pub(super) struct Typed<'a> {
    pub(super) email: &'a str,
    pub(super) username: &'a str,
    password: &'a str,
}

/// Why there is no account.
pub(super) enum NoAccount {
    Closed,
    LinkSpent,
    Refused(Refused),
    Failure(Failure),
}

/// What the form says when it is shown again.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) problems: Vec<Problem>,
}

impl Refused {
    pub(super) fn by(why: Trouble) -> Self {
        Self { status: trouble::status(why), problems: vec![Problem::Trouble(why)] }
    }

    fn because(status: StatusCode, problem: Problem) -> Self {
        Self { status, problems: vec![problem] }
    }

    pub(super) fn finish(&self, response: Response) -> Response {
        match self.problems.first() {
            Some(Problem::Trouble(why)) => trouble::with_wait(response, *why),
            _ => response,
        }
    }
}

impl<'a> Typed<'a> {
    pub(super) fn of(form: &'a Form) -> Self {
        let text = |name| form.value(name).unwrap_or_default();
        // A keyboard's suggestion ends with a space.
        Self {
            email: text("email").trim(),
            username: text("username").trim(),
            password: text("password"),
        }
    }

    /// Makes the account; the administrator's where there is a set-up link.
    pub(super) async fn sign_up(
        &self,
        pages: &Pages,
        visit: &Visit,
        set_up: Option<Secret>,
    ) -> Result<cloakroom_engine::begin::SignedIn, NoAccount> {
        let Ok(password) = Password::new(self.password.to_owned()) else {
            let problem = Problem::Password(BadPassword::TooLong);
            let refused = Refused::because(StatusCode::UNPROCESSABLE_ENTITY, problem);
            return Err(NoAccount::Refused(refused));
        };
        let wish = Wish {
            email: self.email.to_owned(),
            username: (!self.username.is_empty()).then(|| self.username.to_owned()),
            password,
            carry: Carrier::Cookie,
            client: None,
            remember: false,
            set_up,
            browser: visit.brought(),
        };
        pages.engine.sign_up(wish, &visit.visitor).await.map_err(|error| self.refused(error))
    }

    fn refused(&self, error: SignUpError) -> NoAccount {
        let refused = match error {
            SignUpError::Closed => return NoAccount::Closed,
            SignUpError::LinkSpent => return NoAccount::LinkSpent,
            SignUpError::Invalid(unfit) => Refused {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                problems: unfit.into_iter().map(|problem| self.unfit(problem)).collect(),
            },
            SignUpError::EmailTaken => Refused::because(StatusCode::CONFLICT, Problem::EmailTaken),
            SignUpError::UsernameTaken => {
                Refused::because(StatusCode::CONFLICT, Problem::UsernameTaken)
            }
            SignUpError::Limited(limited) => Refused::by(Trouble::TooMany(limited.retry_after)),
            SignUpError::Passwords(pool) => match of_pool(&pool) {
                Ok(why) => Refused::by(why),
                Err(failure) => return NoAccount::Failure(failure),
            },
            SignUpError::Store(error) => return NoAccount::Failure(error.into()),
            other => return NoAccount::Failure(Failure::ours(&other)),
        };
        NoAccount::Refused(refused)
    }

    fn unfit(&self, unfit: Unfit) -> Problem {
        match unfit {
            Unfit::Email(_) if self.email.is_empty() => Problem::NoEmail,
            Unfit::Email(_) => Problem::NotAnEmail,
            Unfit::Username(_) => Problem::NotAUsername,
            Unfit::Password(_) if self.password.is_empty() => {
                Problem::Password(BadPassword::Missing)
            }
            Unfit::Password(refusal) => Problem::Password(BadPassword::Refused(refusal)),
        }
    }
}
