//! RFC 7591 §2, §3.1, RFC 7592 §2.2 and OpenID Connect Dynamic Client Registration 1.0 §2: what a client says of itself when
//! it registers.
//!
//! Every member is checked, and an error names the one that is wrong. Unknown members are ignored, as RFC 7591 asks; those
//! that would need what this server does not do (encryption, software statements) are refused rather than ignored, since
//! a client that asks for them counts on them. What lies at the addresses that are named is for others to look at.

mod keys;
mod members;

use cloakroom_jose::Algorithms;
use cloakroom_model::client::{Client, ClientSecret, Template};
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{
    About, AnswerSigning, AuthenticationMethod, Binding, GrantType, Logout, RegisteredBy,
    Registration, RequestRules, Subjects,
};
use cloakroom_model::session::{Acr, Carrier};
use cloakroom_model::time::Timestamp;

pub(crate) use self::members::Members;
use self::members::invalid;
use crate::error::{Code, Error};
use crate::scope::Scope;
use crate::token_request::Presented;
use crate::{redirect, subject};

/// What those who register themselves may have.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The scopes. Others that a client asks for are left out, and the answer shows what remained.
    pub scopes: &'a [String],
    /// What answers can be signed with: there are keys for these.
    pub signing: Algorithms,
}

/// What a client says of itself, found to be in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metadata {
    /// Its name for people.
    pub name: Option<String>,
    /// Whether it is an application on a person's own machine (`application_type`).
    pub native: bool,
    /// What its tokens may allow.
    pub scopes: Vec<String>,
    /// Where the redirect URIs of its sector are said to be listed (`sector_identifier_uri`). Whether they are is for others
    /// to look at, whatever the client calls its users (OpenID Connect Dynamic Client Registration 1.0 §5).
    pub listed_at: Option<String>,
    /// Everything else. [`RegisteredBy`] is left as it is by default.
    pub registration: Registration,
}

/// What shall be so of a client from now on.
#[derive(Clone, Debug)]
pub struct Update {
    /// What it says of itself.
    pub metadata: Metadata,
    /// The secret that it says it has. It cannot choose another (RFC 7592 §2.2).
    pub secret: Option<Presented>,
}

/// Reads the body of a registration (RFC 7591 §3.1).
pub fn read(body: &[u8], offer: &Offer<'_>) -> Result<Metadata, Error> {
    metadata(&Members::parse(body)?, offer, AuthenticationMethod::ClientSecretBasic)
}

/// Reads the body of a change (RFC 7592 §2.2): everything that shall be so from now on. What it leaves out is gone.
pub fn read_update(body: &[u8], client: &ClientId, offer: &Offer<'_>) -> Result<Update, Error> {
    let members = Members::parse(body)?;
    if members.text("client_id")? != Some(client.as_str()) {
        return Err(invalid("client_id", "expected the client that is changed"));
    }
    for given_out in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        if members.has(given_out) {
            return Err(invalid(given_out, "this is the server's to say"));
        }
    }
    let secret = members.text("client_secret")?.map(Presented::token);
    let metadata = metadata(&members, offer, AuthenticationMethod::ClientSecretBasic)?;
    Ok(Update { metadata, secret })
}

/// What those who register themselves may not have, because an operator answers for it: rights of their own, with no person
/// who allows them, and details that no service here has words for.
pub fn of_its_own_accord(metadata: &Metadata) -> Result<(), Error> {
    let Registration { grant_types, authorization_details_types, .. } = &metadata.registration;
    let with_a_person = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    if !grant_types.iter().all(|grant_type| with_a_person.contains(grant_type)) {
        let how = "who registers itself gets tokens by authorization_code and refresh_token";
        return Err(invalid("grant_types", how));
    }
    if !authorization_details_types.is_empty() {
        return Err(invalid("authorization_details_types", "none are on offer"));
    }
    Ok(())
}

/// Checks a sector's list (OpenID Connect Dynamic Client Registration 1.0 §5): every redirect URI must be on it.
pub fn check_listed(metadata: &Metadata, list: &[u8]) -> Result<(), Error> {
    let refused = |why| invalid("sector_identifier_uri", why);
    let listed: Vec<String> = serde_json::from_slice(list)
        .map_err(|_| refused("expected a list of redirect URIs to lie there"))?;
    if metadata.registration.redirect_uris.iter().all(|uri| listed.contains(uri)) {
        Ok(())
    } else {
        Err(refused("a redirect_uri is not on the list that lies there"))
    }
}

/// What has to hold of a registration however it came: answers go only where they may, and the parts fit together.
pub fn check(registration: &Registration) -> Result<(), Error> {
    check_redirect_uris(&registration.redirect_uris, &registration.grant_types)?;
    check_after_logout(&registration.logout.redirect_uris)?;
    agrees_with_itself(registration)
}

/// Reads metadata wherever it stands. `method` is meant where none is said.
pub(crate) fn metadata(
    members: &Members,
    offer: &Offer<'_>,
    method: AuthenticationMethod,
) -> Result<Metadata, Error> {
    refuse_what_is_not_done(members)?;
    let native = match members.text("application_type")? {
        None | Some("web") => false,
        Some("native") => true,
        Some(_) => return Err(invalid("application_type", "expected web or native")),
    };
    let registration = registration(members, offer, method)?;
    agrees_with_itself(&registration)?;
    let listed_at = members.address("sector_identifier_uri")?;
    let scopes = scopes(members, offer)?;
    Ok(Metadata { name: members.name()?, native, scopes, listed_at, registration })
}

fn registration(
    members: &Members,
    offer: &Offer<'_>,
    method: AuthenticationMethod,
) -> Result<Registration, Error> {
    let grant_types = grant_types(members)?;
    let redirect_uris = redirect_uris(members, &grant_types)?;
    let method = members
        .one_of(
            "token_endpoint_auth_method",
            AuthenticationMethod::ALL.iter().filter_map(|it| it.as_str().map(|name| (name, *it))),
        )?
        .unwrap_or(method);
    // Each key says what it is for, and a shared secret is for nothing: there is no more to choose.
    members.algorithm("token_endpoint_auth_signing_alg", Algorithms::ASYMMETRIC)?;
    Ok(Registration {
        method,
        keys: keys::client_keys(members)?,
        certificate: keys::certificate_name(members, method)?,
        binding: binding(members)?,
        requests: requests(members)?,
        signing: AnswerSigning {
            id_token: members.algorithm("id_token_signed_response_alg", offer.signing)?,
            userinfo: members.algorithm("userinfo_signed_response_alg", offer.signing)?,
            authorization: members.algorithm("authorization_signed_response_alg", offer.signing)?,
            introspection: members.algorithm("introspection_signed_response_alg", offer.signing)?,
        },
        subjects: subjects(members, &redirect_uris)?,
        logout: logout(members)?,
        authorization_details_types: members.texts("authorization_details_types")?,
        about: about(members)?,
        redirect_uris,
        grant_types,
        ..Registration::default()
    })
}

fn refuse_what_is_not_done(members: &Members) -> Result<(), Error> {
    if members.has("software_statement") {
        return Err(Code::UnapprovedSoftwareStatement.into());
    }
    for encryption in [
        "authorization_encrypted_response_alg",
        "id_token_encrypted_response_alg",
        "introspection_encrypted_response_alg",
        "request_object_encryption_alg",
        "userinfo_encrypted_response_alg",
    ] {
        if members.has(encryption) {
            return Err(invalid(encryption, "nothing is encrypted here but the connection"));
        }
    }
    Ok(())
}

/// What no single member shows.
fn agrees_with_itself(registration: &Registration) -> Result<(), Error> {
    use AuthenticationMethod as Method;

    let Registration { method, keys, certificate, grant_types, .. } = registration;
    let needs_keys = matches!(method, Method::PrivateKeyJwt | Method::SelfSignedTlsClientAuth);
    if needs_keys && keys.is_none() {
        return Err(invalid("jwks", "this token_endpoint_auth_method needs jwks or jwks_uri"));
    }
    if *method == Method::TlsClientAuth && certificate.is_none() {
        let how = "this token_endpoint_auth_method needs one of the names tls_client_auth_…";
        return Err(invalid("tls_client_auth_subject_dn", how));
    }
    // RFC 6749 §4.4, RFC 8693 §5: who cannot prove to be a client has no right of its own.
    let own = [GrantType::ClientCredentials, GrantType::TokenExchange];
    if *method == Method::None && own.iter().any(|grant_type| grant_types.contains(grant_type)) {
        return Err(invalid("grant_types", "these are for clients that prove themselves"));
    }
    Ok(())
}

fn grant_types(members: &Members) -> Result<Vec<GrantType>, Error> {
    let mut grant_types = members
        .several_of("grant_types", GrantType::ALL.map(|it| (it.as_str(), it)))?
        .unwrap_or_else(|| vec![GrantType::AuthorizationCode]);
    grant_types.dedup();
    let response_types = members.several_of("response_types", [("code", ())])?;
    let asks_for_code = response_types.is_some_and(|types| !types.is_empty());
    if asks_for_code && !grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(invalid("response_types", "code goes with authorization_code in grant_types"));
    }
    Ok(grant_types)
}

fn redirect_uris(members: &Members, grant_types: &[GrantType]) -> Result<Vec<String>, Error> {
    let uris = members.texts("redirect_uris")?;
    check_redirect_uris(&uris, grant_types)?;
    Ok(uris)
}

fn check_redirect_uris(uris: &[String], grant_types: &[GrantType]) -> Result<(), Error> {
    let refused =
        |why: String| Error::new(Code::InvalidRedirectUri, format!("redirect_uris: {why}"));
    for uri in uris {
        redirect::validate(uri).map_err(|why| refused(why.to_string()))?;
    }
    if uris.is_empty() && grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(refused("authorization_code needs at least one".to_owned()));
    }
    Ok(())
}

fn check_after_logout(uris: &[String]) -> Result<(), Error> {
    for uri in uris {
        redirect::validate(uri)
            .map_err(|why| invalid("post_logout_redirect_uris", &why.to_string()))?;
    }
    Ok(())
}

fn binding(members: &Members) -> Result<Binding, Error> {
    let dpop = members.flag("dpop_bound_access_tokens")?;
    let certificate = members.flag("tls_client_certificate_bound_access_tokens")?;
    match (dpop, certificate) {
        (false, false) => Ok(Binding::WhereProved),
        (true, false) => Ok(Binding::Dpop),
        (false, true) => Ok(Binding::Certificate),
        (true, true) => {
            let why = "a token is bound to one key, and dpop_bound_access_tokens says which";
            Err(invalid("tls_client_certificate_bound_access_tokens", why))
        }
    }
}

fn requests(members: &Members) -> Result<RequestRules, Error> {
    let acrs = [Acr::Aal1, Acr::Aal2, Acr::Aal3].map(|acr| (acr.as_str(), acr));
    // Only told: every ID token says when.
    members.flag("require_auth_time")?;
    Ok(RequestRules {
        danger_without_pkce: false,
        pushed: members.flag("require_pushed_authorization_requests")?,
        signed: members.flag("require_signed_request_object")?,
        algorithm: members.algorithm("request_object_signing_alg", Algorithms::ASYMMETRIC)?,
        request_uris: members.addresses("request_uris")?,
        default_max_age_seconds: members.seconds("default_max_age")?,
        default_acr_values: members.several_of("default_acr_values", acrs)?.unwrap_or_default(),
    })
}

fn subjects(members: &Members, redirect_uris: &[String]) -> Result<Subjects, Error> {
    let listed_at = members.address("sector_identifier_uri")?;
    let pairwise =
        members.one_of("subject_type", [("public", false), ("pairwise", true)].into_iter())?;
    if pairwise != Some(true) {
        return Ok(Subjects::Public);
    }
    let sector = subject::sector(redirect_uris, listed_at.as_deref())
        .map_err(|why| invalid("sector_identifier_uri", &why.to_string()))?;
    Ok(Subjects::Pairwise { sector, listed_at })
}

fn logout(members: &Members) -> Result<Logout, Error> {
    let redirect_uris = members.texts("post_logout_redirect_uris")?;
    check_after_logout(&redirect_uris)?;
    Ok(Logout {
        redirect_uris,
        back_channel: members.endpoint("backchannel_logout_uri")?,
        back_channel_session: members.flag("backchannel_logout_session_required")?,
        front_channel: members.endpoint("frontchannel_logout_uri")?,
        front_channel_session: members.flag("frontchannel_logout_session_required")?,
    })
}

fn about(members: &Members) -> Result<About, Error> {
    Ok(About {
        home: members.page("client_uri")?,
        logo: members.page("logo_uri")?,
        policy: members.page("policy_uri")?,
        terms: members.page("tos_uri")?,
        contacts: members.texts("contacts")?,
        begins_at: members.address("initiate_login_uri")?,
    })
}

fn scopes(members: &Members, offer: &Offer<'_>) -> Result<Vec<String>, Error> {
    let asked = match members.text("scope")? {
        None => return Ok(offer.scopes.to_vec()),
        // As it is told to who has none: asking for that again is not asking for all.
        Some("") => return Ok(Vec::new()),
        Some(asked) => asked,
    };
    let asked = Scope::parse(asked).map_err(|why| invalid("scope", &why.to_string()))?;
    Ok(offer.scopes.iter().filter(|scope| asked.contains(scope)).cloned().collect())
}

impl Metadata {
    /// The client that registered so, under a name and perhaps with a secret that the server made for it.
    #[must_use]
    pub fn into_client(
        self,
        id: ClientId,
        secret: Option<ClientSecret>,
        by: RegisteredBy,
        now: Timestamp,
    ) -> Client {
        let template = if self.native { Template::Mobile } else { Template::Web };
        Client {
            name: self.name.unwrap_or_else(|| id.to_string()),
            id,
            template,
            first_party: false,
            carriers: vec![Carrier::Token],
            token_places: Vec::new(),
            lifetimes: template.lifetimes(),
            audiences: Vec::new(),
            scopes: self.scopes,
            algorithm: None,
            origins: Vec::new(),
            authentication: secret.into_iter().collect(),
            data: Vec::new(),
            data_of_others: Vec::new(),
            registration: Registration { by, ..self.registration },
            created_at: now,
        }
    }

    /// The client as it is from now on. What it did not register itself stays as it was.
    #[must_use]
    pub fn applied_to(self, client: &Client) -> Client {
        let by = client.registration.by.clone();
        let RequestRules { danger_without_pkce, .. } = client.registration.requests;
        let requests = RequestRules { danger_without_pkce, ..self.registration.requests };
        let status_list = client.registration.status_list;
        Client {
            name: self.name.unwrap_or_else(|| client.id.to_string()),
            scopes: self.scopes,
            registration: Registration { by, requests, status_list, ..self.registration },
            ..client.clone()
        }
    }
}

#[cfg(test)]
mod tests;
