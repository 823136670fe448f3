//! Any form as a token request and as a client's proof: what is read is what stands there.

#![no_main]

use cloakroom_oauth::client_authentication::Claimed;
use cloakroom_oauth::form::Form;
use cloakroom_oauth::token_request::TokenRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(form) = Form::parse(bytes) else { return };
    if let Ok(claimed) = Claimed::read(None, &form) {
        let named = form.value("client_id");
        assert!(named.is_none_or(|name| name == claimed.client.as_str()));
        assert!(named.is_some() || form.value("client_assertion").is_some());
    }
    let Ok(request) = TokenRequest::read(&form) else { return };
    assert_eq!(form.value("grant_type"), Some(request.grant_type().as_str()));
    let presented = match &request {
        TokenRequest::AuthorizationCode(code) => Some(("code", code.code.as_str())),
        TokenRequest::DeviceCode(device) => Some(("device_code", device.device_code.as_str())),
        TokenRequest::Exchange(exchange) => Some(("subject_token", exchange.subject.as_str())),
        TokenRequest::Refresh(_) | TokenRequest::ClientCredentials(_) => None,
    };
    if let Some((name, presented)) = presented {
        assert_eq!(form.value(name), Some(presented));
    }
});
