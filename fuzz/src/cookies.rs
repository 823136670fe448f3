//! Any bytes as `Cookie` headers: they never stand in for the cookie that the browser sent, they can only hide it.

#![no_main]

use cloakroom_server::cookies::{Cookies, Name};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const COOKIES: Cookies = Cookies::new(true);
const OURS: &str = "sent-by-the-browser";

fuzz_target!(|bytes: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(COOKIE, value);
        }
    }
    let alone = COOKIES.read(Name::Session, &headers).map(str::to_owned);
    if let Some(value) = &alone {
        let pair = format!("{}={value}", COOKIES.name(Name::Session));
        let stands = bytes.windows(pair.len()).any(|window| window == pair.as_bytes());
        assert!(stands, "{value:?} stands nowhere");
    }
    let ours = format!("{}={OURS}", COOKIES.name(Name::Session));
    headers.append(COOKIE, HeaderValue::try_from(ours).expect("ASCII"));
    match COOKIES.read(Name::Session, &headers) {
        Some(value) => assert!(value == OURS && alone.is_none(), "{value:?} was put in its place"),
        None => assert!(!bytes.is_empty(), "the browser's own cookie was not read"),
    }
});
