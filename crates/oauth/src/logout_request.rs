//! OpenID Connect RP-Initiated Logout 1.0 §2, §3: a client asks for its user to be signed out.
//!
//! Anybody can send a browser here. Only an ID token of the very session that is there shows that its client is meant to
//! end it; everybody else's wish is put to the person first.

use cloakroom_model::client::Client;
use cloakroom_model::id::{ClientId, SessionId};

use crate::authorization_response::with_query;
use crate::error::{Code, Error};
use crate::form::Form;
use crate::id_token::Hint;
use crate::redirect::{self, VerifiedRedirect};

/// The longest `state`. It comes back as it was, or not at all.
const LONGEST_STATE: usize = 2048;

/// What the client asks for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LogoutRequest {
    /// An ID token of whom it means. Nothing about it is proved yet.
    pub id_token_hint: Option<String>,
    /// Whom it means, in other words.
    pub logout_hint: Option<String>,
    /// Who it says it is.
    pub client_id: Option<ClientId>,
    /// Where the browser shall go afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// What goes with it.
    pub state: Option<String>,
    /// The languages that the person might read, the preferred first.
    pub ui_locales: Option<String>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Nobody is there to be signed out.
    NothingToEnd,
    /// The person is asked whether they want it.
    Ask,
    /// The session ends.
    End,
}

impl LogoutRequest {
    /// Reads the parameters.
    pub fn read(form: &Form) -> Result<Self, Error> {
        let text = |name: &str| form.value(name).map(str::to_owned);
        let client_id = form
            .value("client_id")
            .map(|name| ClientId::parse(name).map_err(|_| invalid("client_id is no client's")))
            .transpose()?;
        let state = text("state");
        let plain = |state: &String| {
            state.len() <= LONGEST_STATE && state.bytes().all(|byte| matches!(byte, 0x20..=0x7E))
        };
        if !state.as_ref().is_none_or(plain) {
            return Err(invalid("state is too long or not plain ASCII"));
        }
        Ok(Self {
            id_token_hint: text("id_token_hint"),
            logout_hint: text("logout_hint"),
            client_id,
            post_logout_redirect_uri: text("post_logout_redirect_uri"),
            state,
            ui_locales: text("ui_locales"),
        })
    }

    /// Which client asks: the one it names, which must be the one that the `hint` was made for (§2), or else that one.
    pub fn client(&self, hint: Option<&Hint>) -> Result<Option<ClientId>, Error> {
        match (&self.client_id, hint) {
            (Some(named), Some(hint)) if !hint.is_for(named) => {
                Err(invalid("id_token_hint was made for another client than client_id"))
            }
            (Some(named), _) => Ok(Some(named.clone())),
            (None, Some(hint)) => Ok(match &hint.aud[..] {
                [only] => ClientId::parse(only).ok(),
                _ => None,
            }),
            (None, None) => Ok(None),
        }
    }

    /// Where the browser goes afterwards, if `client`, who asks, registered that. An error is shown to the person.
    pub fn redirect(&self, client: Option<&Client>) -> Result<Option<VerifiedRedirect>, Error> {
        let Some(requested) = &self.post_logout_redirect_uri else { return Ok(None) };
        let client = client.ok_or_else(|| {
            invalid("post_logout_redirect_uri needs an id_token_hint or a client_id beside it")
        })?;
        redirect::verify_after_logout(&client.registration.logout.redirect_uris, requested)
            .map(Some)
            .map_err(|_| invalid("post_logout_redirect_uri is not one that the client registered"))
    }

    /// Decides what happens to the `session` of this browser. `hint` was verified to be ours.
    #[must_use]
    pub fn decide(hint: Option<&Hint>, session: Option<SessionId>) -> Decision {
        match (session, hint) {
            (None, _) => Decision::NothingToEnd,
            (Some(session), Some(hint)) if hint.sid == Some(session) => Decision::End,
            (Some(_), _) => Decision::Ask,
        }
    }

    /// The URI to send the browser to (§3).
    #[must_use]
    pub fn location(&self, redirect: &VerifiedRedirect) -> String {
        match &self.state {
            Some(state) => with_query(redirect, &[("state", state.clone())]),
            None => redirect.as_str().to_owned(),
        }
    }
}

fn invalid(why: &'static str) -> Error {
    Error::new(Code::InvalidRequest, why)
}

#[cfg(test)]
mod tests {
    use cloakroom_model::time::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::scene;

    const BYE: &str = "https://app.example/bye";

    fn read(text: &str) -> Result<LogoutRequest, Code> {
        LogoutRequest::read(&Form::parse(text.as_bytes()).unwrap()).map_err(|error| error.code)
    }

    fn session(number: u8) -> SessionId {
        SessionId::new(Timestamp(1), [number; 10])
    }

    fn hint(clients: &[&str]) -> Hint {
        let aud = clients.iter().map(|&client| client.to_owned()).collect();
        Hint { sub: "ada".into(), aud, sid: Some(session(1)), iat: 1, exp: 2, auth_time: 1 }
    }

    fn client() -> Client {
        let mut client = scene::client();
        client.registration.logout.redirect_uris = vec![BYE.to_owned()];
        client
    }

    #[test]
    fn every_parameter_is_a_wish() {
        assert_eq!(read(""), Ok(LogoutRequest::default()));
        let text = format!(
            "id_token_hint=a.b.c&logout_hint=ada&client_id=app&post_logout_redirect_uri={BYE}&state=s\
             &ui_locales=de+en&extra=x"
        );
        let request = read(&text).unwrap();
        assert_eq!(request.client_id.as_ref().unwrap().as_str(), "app");
        let redirect = request.redirect(Some(&client())).unwrap().unwrap();
        assert_eq!(request.location(&redirect), format!("{BYE}?state=s"));
        let stateless = LogoutRequest { state: None, ..request };
        assert_eq!(stateless.location(&redirect), BYE);
        for bad in ["client_id=a+b", "state=%00", &format!("state={}", "x".repeat(2049))] {
            assert_eq!(read(bad), Err(Code::InvalidRequest), "{bad:.40}");
        }
    }

    #[test]
    fn the_client_is_the_one_that_both_name() {
        let named = read("client_id=app").unwrap();
        let app = ClientId::parse("app").unwrap();
        let who = |request: &LogoutRequest, hint: Option<&Hint>| {
            request.client(hint).map_err(|error| error.code)
        };
        assert_eq!(who(&named, None), Ok(Some(app.clone())));
        assert_eq!(who(&named, Some(&hint(&["app"]))), Ok(Some(app.clone())));
        assert_eq!(who(&named, Some(&hint(&["other"]))), Err(Code::InvalidRequest));
        let unnamed = LogoutRequest::default();
        assert_eq!(who(&unnamed, Some(&hint(&["app"]))), Ok(Some(app)));
        assert_eq!(who(&unnamed, Some(&hint(&["app", "other"]))), Ok(None));
        assert_eq!(who(&unnamed, None), Ok(None));
    }

    #[test]
    fn a_browser_goes_only_where_the_client_registered() {
        let to = |uri: &str, client: Option<&Client>| {
            let request = LogoutRequest {
                post_logout_redirect_uri: Some(uri.to_owned()),
                ..LogoutRequest::default()
            };
            request.redirect(client).map_err(|error| error.code)
        };
        assert!(to(BYE, Some(&client())).is_ok());
        assert_eq!(to(BYE, None), Err(Code::InvalidRequest));
        for bad in ["https://app.example/bye?foo=bar", "https://evil.example", scene::REDIRECT] {
            assert_eq!(to(bad, Some(&client())), Err(Code::InvalidRequest), "{bad}");
        }
        assert_eq!(LogoutRequest::default().redirect(None), Ok(None));
    }

    #[test]
    fn only_the_sessions_own_token_ends_it_without_a_question() {
        let hint = hint(&["app"]);
        let without = Hint { sid: None, ..hint.clone() };
        for (hint, session, expected) in [
            (Some(&hint), Some(session(1)), Decision::End),
            (Some(&hint), Some(session(2)), Decision::Ask),
            (Some(&without), Some(session(1)), Decision::Ask),
            (None, Some(session(1)), Decision::Ask),
            (Some(&hint), None, Decision::NothingToEnd),
            (None, None, Decision::NothingToEnd),
        ] {
            assert_eq!(LogoutRequest::decide(hint, session), expected);
        }
    }

    proptest! {
        #[test]
        fn no_state_changes_where_the_browser_goes(state in "[ -~]{1,40}") {
            let request = LogoutRequest {
                post_logout_redirect_uri: Some(BYE.to_owned()),
                state: Some(state.clone()),
                ..LogoutRequest::default()
            };
            let redirect = request.redirect(Some(&client())).unwrap().unwrap();
            let location = request.location(&redirect);
            let query = location.strip_prefix("https://app.example/bye?").unwrap();
            let form = Form::parse(query.as_bytes()).unwrap();
            prop_assert_eq!(form.value("state"), Some(state.as_str()));
        }
    }
}
