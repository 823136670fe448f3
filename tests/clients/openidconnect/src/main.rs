//! A client application by the crate `openidconnect`, from nothing but the issuer's URL.
//!
//! `run.mjs` runs it and is the person: it takes the browser to each URL that is printed here, and answers with the
//! URL at which the browser came back to the application.

use std::env;
use std::error::Error;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::net::TcpStream;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken,
    CoreSubjectIdentifierType, CoreUserInfoClaims,
};
use openidconnect::http::{Response, Uri};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, EndSessionUrl, HttpRequest, HttpResponse, IntrospectionUrl, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PostLogoutRedirectUrl,
    RedirectUrl, RevocationUrl, Scope, TokenIntrospectionResponse as _, TokenResponse as _,
};
use serde::{Deserialize, Serialize};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// What the crate's own metadata leaves out.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Endpoints {
    introspection_endpoint: IntrospectionUrl,
    revocation_endpoint: RevocationUrl,
    end_session_endpoint: EndSessionUrl,
}

impl AdditionalProviderMetadata for Endpoints {}

type ProviderMetadata = openidconnect::ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

fn main() -> Fallible<()> {
    let http = |request: HttpRequest| ask(&request);
    let issuer = IssuerUrl::new(env::var("CLOAKROOM_URL")?)?;
    let metadata = ProviderMetadata::discover(&issuer, &http)?;
    let endpoints = metadata.additional_metadata().clone();
    // The crate speaks of revocation to https alone. The URL says so then, and `ask` goes to this machine all the same.
    let mut revocation = endpoints.revocation_endpoint.url().clone();
    revocation.set_scheme("https").map_err(|()| "no https")?;
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(env::var("CLIENT_ID")?),
        Some(ClientSecret::new(env::var("CLIENT_SECRET")?)),
    )
    .set_redirect_uri(RedirectUrl::new(env::var("CLIENT_CALLBACK")?)?)
    .set_introspection_url(endpoints.introspection_endpoint)
    .set_revocation_url(RevocationUrl::from_url(revocation));

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (to_sign_in, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scopes(["email", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let back = person(&to_sign_in)?;
    expect(parameter(&back, "state")? == *state.secret(), "the state comes back")?;
    expect(parameter(&back, "iss")? == issuer.as_str(), "the answer names its issuer")?;

    let code = AuthorizationCode::new(parameter(&back, "code")?);
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&http)?;
    let id_token = tokens.id_token().ok_or("no ID token")?.clone();
    let claims = id_token.claims(&client.id_token_verifier(), &nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let verifier = client.id_token_verifier();
        let (algorithm, key) = (id_token.signing_alg()?, id_token.signing_key(&verifier)?);
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)?;
        expect(actual == *expected, "the ID token is for this access token")?;
    }
    let another = Nonce::new_random();
    let refused = id_token.claims(&client.id_token_verifier(), &another).is_err();
    expect(refused, "another nonce is refused")?;

    let subject = Some(claims.subject().clone());
    let told: CoreUserInfoClaims =
        client.user_info(tokens.access_token().clone(), subject)?.request(&http)?;
    let email = told.email().ok_or("no email")?;
    expect(**email == env::var("CLOAKROOM_EMAIL")?, "UserInfo tells the email")?;

    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let next = client.exchange_refresh_token(refresh)?.request(&http)?;
    let is_active =
        |token| -> Fallible<bool> { Ok(client.introspect(token).request(&http)?.active()) };
    expect(is_active(next.access_token())?, "the new access token is good")?;
    let newest = next.refresh_token().ok_or("no second refresh token")?.clone();
    let given_back = CoreRevocableToken::RefreshToken(newest.clone());
    client.revoke_token(given_back)?.request(&http)?;
    expect(!is_active(next.access_token())?, "what was given back is worth nothing")?;
    let refused = client.exchange_refresh_token(&newest)?.request(&http).is_err();
    expect(refused, "and earns nothing")?;

    let left = CsrfToken::new_random();
    let to_sign_out = LogoutRequest::from(endpoints.end_session_endpoint)
        .set_id_token_hint(&id_token)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(env::var("CLIENT_CALLBACK")?)?)
        .set_state(left.clone())
        .http_get_url();
    let back = person(&to_sign_out)?;
    expect(parameter(&back, "state")? == *left.secret(), "the browser comes back signed out")?;
    println!("done");
    Ok(())
}

/// Sends the person's browser somewhere, and waits for where it ends.
fn person(url: &Url) -> Fallible<Url> {
    println!("{url}");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(Url::parse(line.trim())?)
}

fn parameter(url: &Url, name: &str) -> Fallible<String> {
    let found = url.query_pairs().find(|(known, _)| known == name);
    let (_, value) = found.ok_or_else(|| format!("{url} has no {name}"))?;
    Ok(value.into_owned())
}

fn expect(holds: bool, what: &str) -> Fallible<()> {
    if holds { Ok(()) } else { Err(format!("it does not hold that {what}").into()) }
}

/// One request over plain HTTP to a server on this machine.
fn ask(request: &HttpRequest) -> Result<HttpResponse, io::Error> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let uri: &Uri = request.uri();
    let authority = uri.authority().ok_or_else(|| wrong("a URL without a host"))?;
    let mut stream = TcpStream::connect(authority.as_str())?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    write!(stream, "{} {path} HTTP/1.1\r\nhost: {authority}\r\n", request.method())?;
    for (name, value) in request.headers() {
        stream.write_all(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat())?;
    }
    let length = request.body().len();
    write!(stream, "content-length: {length}\r\nconnection: close\r\n\r\n")?;
    stream.write_all(request.body())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.ok_or_else(|| wrong("an answer without a head"))? + 4);
    let head = std::str::from_utf8(head).map_err(|_| wrong("a head that is no text"))?;
    let mut lines = head.trim_end().lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let mut response = Response::builder().status(status);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        response = response.header(name, value);
    }
    response.body(body.to_vec()).map_err(io::Error::other)
}
