//! The parameters of an authorization request, a check each, in the order in which they are made.

use std::borrow::Cow;

use cloakroom_model::client::Client;
use cloakroom_model::policy::authorization::Prompt;
use cloakroom_model::registration::GrantType;

use super::{Arrival, Display, Refused, Rules};
use crate::authorization_details::AuthorizationDetails;
use crate::claims::ClaimsRequest;
use crate::error::{Code, Error};
use crate::form::Form;
use crate::pkce::Challenge;
use crate::redirect::{self, VerifiedRedirect};
use crate::response_mode::ResponseMode;
use crate::scope::Scope;
use crate::{prompt, resource, scopes, token_request};

/// The longest `state` and `nonce`. They come back to the client as they were, or not at all.
const LONGEST_ECHO: usize = 2048;

pub(super) fn redirect(
    form: &Form,
    client: &Client,
    rules: &Rules<'_>,
) -> Result<VerifiedRedirect, Refused> {
    let openid = form
        .value("scope")
        .is_some_and(|scope| scope.split(' ').any(|word| word == scopes::OPENID));
    let needed = openid || rules.profile.redirect_uri_always;
    redirect::verify(&client.registration.redirect_uris, form.value("redirect_uri"), needed)
        .map_err(|problem| Refused::Shown(invalid(problem.to_string())))
}

/// `state` and `nonce` (RFC 6749 appendix A.5: printable ASCII).
pub(super) fn echo(form: &Form, name: &'static str) -> Result<Option<String>, Error> {
    let Some(text) = form.value(name) else { return Ok(None) };
    if text.len() > LONGEST_ECHO || !text.bytes().all(|byte| matches!(byte, 0x20..=0x7E)) {
        return Err(invalid(format!(
            "{name} is longer than {LONGEST_ECHO} bytes or not plain ASCII"
        )));
    }
    Ok(Some(text.to_owned()))
}

pub(super) fn response_mode(form: &Form) -> Result<ResponseMode, Error> {
    form.value("response_mode").map_or(Ok(ResponseMode::default()), |text| {
        ResponseMode::parse(text).ok_or_else(|| invalid("response_mode is none that is known here"))
    })
}

pub(super) fn response_type(form: &Form) -> Result<(), Error> {
    match form.require("response_type")? {
        "code" => Ok(()),
        // RFC 9700 §2.1.2: no tokens by way of the browser.
        _ => Err(Code::UnsupportedResponseType.into()),
    }
}

pub(super) fn codes_are_its_way(client: &Client) -> Result<(), Error> {
    if client.registration.grant_types.contains(&GrantType::AuthorizationCode) {
        Ok(())
    } else {
        Err(Error::new(Code::UnauthorizedClient, "the client is not registered for codes"))
    }
}

/// RFC 9126 §5, §6, RFC 9101 §6.3, §10.5, OpenID Connect Core §7.2.1.
pub(super) fn came_as_it_must(
    form: &Form,
    client: &Client,
    arrival: Arrival,
    rules: &Rules<'_>,
) -> Result<(), Error> {
    if form.value("request").is_some() || form.value("request_uri").is_some() {
        return Err(invalid("a request is inside another"));
    }
    if form.value("registration").is_some() {
        return Err(Code::RegistrationNotSupported.into());
    }
    let must = &client.registration.requests;
    if (must.pushed || rules.profile.pushed_always) && !arrival.pushed {
        return Err(invalid("the request must be pushed first (RFC 9126)"));
    }
    if must.signed && !arrival.signed {
        return Err(invalid("the request must be a signed request object (RFC 9101)"));
    }
    Ok(())
}

pub(super) fn code_challenge(
    form: &Form,
    client: &Client,
    rules: &Rules<'_>,
) -> Result<Option<Challenge>, Error> {
    let challenge = Challenge::read(form)?;
    if challenge.is_none() && !rules.profile.may_go_without_pkce(client) {
        return Err(invalid("code_challenge is missing (PKCE, RFC 7636)"));
    }
    Ok(challenge)
}

pub(super) fn scope(form: &Form, client: &Client) -> Result<Scope, Error> {
    scopes::registered(token_request::scope(form)?, client)
}

pub(super) fn resources(
    form: &Form,
    client: &Client,
    rules: &Rules<'_>,
) -> Result<Vec<String>, Error> {
    let audiences = client.audiences.iter().map(String::as_str).chain([rules.issuer]);
    resource::read(form, &audiences.collect::<Vec<_>>())
}

pub(super) fn authorization_details(
    form: &Form,
    client: &Client,
) -> Result<AuthorizationDetails, Error> {
    let types = &client.registration.authorization_details_types;
    let text = form.value("authorization_details");
    text.map_or(Ok(AuthorizationDetails::default()), |text| {
        AuthorizationDetails::parse(text, types)
            .map_err(|problem| Error::new(Code::InvalidAuthorizationDetails, problem.to_string()))
    })
}

pub(super) fn dpop_jkt(form: &Form) -> Result<Option<String>, Error> {
    let Some(text) = form.value("dpop_jkt") else { return Ok(None) };
    // A thumbprint is a digest, as a code_challenge is.
    match Challenge::parse(text) {
        Ok(_) => Ok(Some(text.to_owned())),
        Err(problem) => Err(invalid(format!("dpop_jkt: {problem}"))),
    }
}

pub(super) fn prompts(form: &Form) -> Result<Vec<Prompt>, Error> {
    form.value("prompt").map_or(Ok(Vec::new()), |text| {
        prompt::parse(text).map_err(|problem| invalid(problem.to_string()))
    })
}

pub(super) fn max_age(form: &Form) -> Result<Option<u64>, Error> {
    let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    form.value("max_age")
        .map(|text| Some(text).filter(digits).and_then(|text| text.parse().ok()))
        .map(|seconds| seconds.ok_or_else(|| invalid("max_age must be a number of seconds")))
        .transpose()
}

pub(super) fn display(form: &Form) -> Result<Display, Error> {
    Ok(match form.value("display") {
        None | Some("page") => Display::Page,
        Some("popup") => Display::Popup,
        Some("touch") => Display::Touch,
        Some("wap") => Display::Wap,
        Some(_) => return Err(invalid("display may be page, popup, touch or wap")),
    })
}

pub(super) fn claims(form: &Form) -> Result<ClaimsRequest, Error> {
    form.value("claims").map_or(Ok(ClaimsRequest::default()), |text| {
        ClaimsRequest::parse(text).map_err(|problem| invalid(problem.to_string()))
    })
}

/// A list of preferences. What cannot be one is left out, since nobody has to follow it.
pub(super) fn words(form: &Form, name: &str) -> Vec<String> {
    let words = form.value(name).unwrap_or_default().split(' ');
    let plain =
        |word: &&str| (1..=100).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_graphic());
    words.filter(plain).take(16).map(str::to_owned).collect()
}

/// What may stand in a field of the page. Nobody has to follow a hint, so what may not is left out.
pub(super) fn login_hint(form: &Form) -> Option<String> {
    let fits = |hint: &&str| hint.len() <= 320 && !hint.chars().any(char::is_control);
    form.value("login_hint").filter(fits).map(str::to_owned)
}

pub(super) fn invalid(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidRequest, why)
}
