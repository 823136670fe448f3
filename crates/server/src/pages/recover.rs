//! `/recover`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use cloakroom_engine::links::LinkError;
use cloakroom_model::password::Password;
use cloakroom_model::user::Email;
use http::StatusCode;

use super::failure::Failure;
use super::form_token::Purpose;
use super::link::spent;
use super::note::Note;
use super::trouble::{self, of_pool};
use super::view::form::Trouble;
use super::view::link::Kind;
use super::view::recover::{Problem, Recover, RecoverHelp};
use super::view::sign_up::BadPassword;
use super::visit::{OneTime, Visit, leave_note, read};
use super::{Pages, paths, reply};

/// The form for the holder of a link; what else helps for everybody else.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Failure> {
    if !visit.asks("link") {
        return Ok(reply::page(&pages, StatusCode::OK, &RecoverHelp { site: &pages.site }));
    }
    let Some(link) = visit.link() else { return Ok(spent(&pages, Kind::Recover)) };
    let Some(who) = look(&pages, &visit, &link).await? else {
        return Ok(spent(&pages, Kind::Recover));
    };
    let token = visit.token(&pages, Purpose::Recover);
    let view = Recover::new(&pages.site, token, link.text, who.as_str());
    Ok(visit.known(&pages, reply::page(&pages, StatusCode::OK, &view)))
}

/// Sets the password and leads to the sign-in, or shows the form again with what was wrong.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    let Some(link) = OneTime::from_form(&form) else { return Ok(spent(&pages, Kind::Recover)) };
    let problem = if visit.may_send(&pages, Purpose::Recover, &form) {
        let typed = form.value("new_password").unwrap_or_default();
        match set(&pages, &visit, &link, typed).await? {
            Set::Done => {
                let response = reply::see_other(paths::SIGN_IN);
                return Ok(leave_note(&pages, response, Note::Recovered));
            }
            Set::Spent => return Ok(spent(&pages, Kind::Recover)),
            Set::Refused(problem) => problem,
        }
    } else {
        Problem::Trouble(Trouble::Expired)
    };
    let Some(who) = look(&pages, &visit, &link).await? else {
        return Ok(spent(&pages, Kind::Recover));
    };
    let token = visit.token(&pages, Purpose::Recover);
    let view = Recover::new(&pages.site, token, link.text, who.as_str()).refused(problem);
    let (status, why) = match problem {
        Problem::Password(_) => (StatusCode::UNPROCESSABLE_ENTITY, None),
        Problem::Trouble(why) => (trouble::status(why), Some(why)),
    };
    let response = visit.known(&pages, reply::page(&pages, status, &view));
    Ok(match why {
        Some(why) => trouble::with_wait(response, why),
        None => response,
    })
}

enum Set {
    Done,
    Spent,
    Refused(Problem),
}

async fn set(pages: &Pages, visit: &Visit, link: &OneTime, typed: &str) -> Result<Set, Failure> {
    let bad = |bad| Ok(Set::Refused(Problem::Password(bad)));
    if typed.is_empty() {
        return bad(BadPassword::Missing);
    }
    let Ok(password) = Password::new(typed.to_owned()) else {
        return bad(BadPassword::TooLong);
    };
    match pages.engine.recover(&link.secret, &password, &visit.visitor).await {
        Ok(()) => Ok(Set::Done),
        Err(LinkError::Password(refusal)) => bad(BadPassword::Refused(refusal)),
        Err(LinkError::Limited(limited)) => {
            Ok(Set::Refused(Problem::Trouble(Trouble::TooMany(limited.retry_after))))
        }
        Err(LinkError::Passwords(pool)) => Ok(Set::Refused(Problem::Trouble(of_pool(&pool)?))),
        Err(LinkError::Store(error)) => Err(error.into()),
        Err(_) => Ok(Set::Spent),
    }
}

/// Whose password it is; `None` where the link does not work.
async fn look(pages: &Pages, visit: &Visit, link: &OneTime) -> Result<Option<Email>, Failure> {
    match pages.engine.look_at_recovery_link(&link.secret, &visit.visitor).await {
        Ok(email) => Ok(Some(email)),
        Err(LinkError::Limited(limited)) => Err(limited.into()),
        Err(LinkError::Store(error)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}
