//! Any bytes as the parameters of an authorization request: whatever they say, no answer goes to a place that the client
//! did not register, nobody is asked for more than the client may ask for, and what is kept is read again as it was.

#![no_main]

use std::sync::LazyLock;

use cloakroom_model::client::Client;
use cloakroom_oauth::authorization_request::{
    Arrival, AuthorizationRequest, Endpoint, Refused, Rules, Source,
};
use cloakroom_oauth::consent::Needed;
use cloakroom_oauth::form::Form;
use cloakroom_oauth::profile::Profile;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const RULES: Rules<'static> =
    Rules { issuer: "https://id.test", profile: Profile::OAuth21.rules() };
/// Requests that are granted; the seeds of this target.
const GRANTED: [&[u8]; 2] = [
    include_bytes!("../seeds/authorization_request/code"),
    include_bytes!("../seeds/authorization_request/details"),
];
const REDIRECTS: [&str; 2] = ["https://app.test/cb", "http://127.0.0.1/cb"];

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let duration = json!({"secs": 60, "nanos": 0});
    let client = json!({
        "id": "app",
        "name": "App",
        "template": "web",
        "first_party": false,
        "carriers": ["token"],
        "lifetimes": {
            "idle": duration, "absolute": duration, "guest_idle": duration,
            "guest_absolute": duration, "access_token": duration,
        },
        "audiences": ["https://api.test"],
        "scopes": ["openid", "email", "offline_access"],
        "registration": {
            "redirect_uris": REDIRECTS,
            "grant_types": ["authorization_code", "refresh_token"],
            "authorization_details_types": ["payment"],
        },
        "created_at": 1,
    });
    let client: Client = serde_json::from_value(client).unwrap();
    for text in GRANTED {
        let form = Form::parse(text).unwrap();
        let granted = AuthorizationRequest::read(&form, &client, Arrival::default(), &RULES);
        assert!(granted.is_ok(), "what is refused whole is not fuzzed: {granted:?}");
    }
    client
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(form) = Form::parse(bytes) else { return };
    let _ = Source::of(&form, &CLIENT, Endpoint::Authorization);
    match AuthorizationRequest::read(&form, &CLIENT, Arrival::default(), &RULES) {
        Ok(request) => {
            assert!(is_registered(&request.redirect_uri), "{}", request.redirect_uri);
            assert!(request.code_challenge.is_some(), "a public client goes without PKCE");
            let may = |word: &String| CLIENT.scopes.contains(word);
            assert!(Needed::by(&request).scope.iter().all(may), "{}", request.scope);
            let kept = serde_json::to_string(&request).unwrap();
            let again: AuthorizationRequest = serde_json::from_str(&kept).unwrap();
            assert_eq!(again, request);
            assert_eq!(again.redirect(&CLIENT).unwrap().as_str(), request.redirect_uri);
        }
        Err(Refused::Returned(returned)) => {
            assert!(is_registered(returned.redirect.as_str()), "{}", returned.redirect);
            assert!(returned.error.code.is_redirectable(), "{}", returned.error);
        }
        Err(Refused::Shown(_)) => {}
    }
});

/// Spelled out once more, in another way.
fn is_registered(uri: &str) -> bool {
    let loopback = || {
        let port = uri.strip_prefix("http://127.0.0.1:")?.strip_suffix("/cb")?;
        port.parse::<u16>().ok()
    };
    REDIRECTS.contains(&uri) || loopback().is_some()
}
