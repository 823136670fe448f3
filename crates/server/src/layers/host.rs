//! A server has one name (RFC 9110 §7.2, §15.5.20): people who come by another are sent on, programs are told.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{HOST, LOCATION};
use http::{HeaderValue, Method, Request, StatusCode};

use crate::address::PublicAddress;
use crate::face::Face;
use crate::problem::{Kind, Problem};

/// What a server may be called.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// By everybody.
    pub public: &'a PublicAddress,
    /// By programs that show a certificate (RFC 8705 §5). People have no business there.
    pub mtls: Option<&'a PublicAddress>,
}

/// What a request for another host is answered; `None` where it means this server.
#[must_use]
pub fn check<B>(request: &Request<B>, called: Names<'_>, face: Face) -> Option<Response> {
    let address = called.public;
    let mtls = called.mtls.filter(|_| face == Face::Api);
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    // In HTTP/2 the name is in the URI, and in HTTP/1 too where the whole URL is asked for (RFC 9112 §3.2.2).
    let in_uri = request.uri().authority();
    let means = |address: &PublicAddress| {
        host.is_none_or(|host| host.to_str().is_ok_and(|host| address.is(host)))
            && in_uri.is_none_or(|authority| address.is_authority(authority))
    };
    let is_named = more.is_none() && (host.is_some() || in_uri.is_some());
    if is_named && (means(address) || mtls.is_some_and(means)) {
        return None;
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if face == Face::Page
        && is_read
        && let Some(location) = on_this_server(request, address)
    {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(LOCATION, location);
        return Some(response);
    }
    let named = in_uri.map(http::uri::Authority::as_str).or_else(|| host?.to_str().ok());
    let named = named.filter(|name| is_plain(name)).unwrap_or("something else");
    let detail = format!("The request is for {named}; this server is {}.", address.origin());
    Some(
        Problem::because(Kind::Misdirected, detail)
            .and_field("host", address.host())
            .into_response(),
    )
}

fn on_this_server<B>(request: &Request<B>, address: &PublicAddress) -> Option<HeaderValue> {
    let path = request.uri().path_and_query()?;
    HeaderValue::try_from(format!("{}{path}", address.origin())).ok()
}

fn is_plain(name: &str) -> bool {
    name.len() <= 255
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn the_public_name_passes() {
        assert!(answer("GET", "/account", &["id.example.com"], Face::Page).is_none());
        assert!(answer("POST", "/api/v1/sign-in", &["ID.example.com:443"], Face::Api).is_none());
        assert!(answer("GET", "https://id.example.com/account", &[], Face::Page).is_none());
    }

    #[test]
    fn a_page_by_another_name_is_sent_to_its_own() {
        let response = answer("GET", "/account?a=b", &["127.0.0.1:7117"], Face::Page).unwrap();
        assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
        assert_eq!(response.headers()["location"], "https://id.example.com/account?a=b");
        let tricky = answer("HEAD", "//evil.example/x", &["evil.example"], Face::Page).unwrap();
        assert_eq!(tricky.headers()["location"], "https://id.example.com//evil.example/x");
    }

    #[test]
    fn a_program_is_told_both_names() {
        for (method, face) in [("GET", Face::Api), ("POST", Face::Api), ("POST", Face::Page)] {
            let response = answer(method, "/x", &["evil.example"], face).unwrap();
            assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{method} {face:?}");
        }
    }

    #[test]
    fn no_name_two_names_and_two_that_differ_are_other_names() {
        assert!(answer("POST", "/x", &["id.example.com"], Face::Api).is_none());
        assert!(answer("POST", "/x", &[], Face::Api).is_some());
        assert!(answer("POST", "/x", &["id.example.com", "id.example.com"], Face::Api).is_some());
        assert!(answer("POST", "https://evil.example/x", &["id.example.com"], Face::Api).is_some());
        assert!(answer("POST", "https://id.example.com/x", &["evil.example"], Face::Api).is_some());
    }

    #[test]
    fn the_name_for_certificates_is_for_programs() {
        let by_name = |face| answer("GET", "/x", &["mtls.example.com:8443"], face);
        assert!(by_name(Face::Api).is_none());
        assert_eq!(by_name(Face::Page).unwrap().status(), StatusCode::PERMANENT_REDIRECT);
        let mixed = ["https://id.example.com/x", "https://mtls.example.com:8443/x"];
        let mixed = mixed.map(|uri| answer("POST", uri, &["mtls.example.com:8443"], Face::Api));
        assert!(mixed[0].is_some() && mixed[1].is_none());
    }

    fn answer(method: &str, uri: &str, hosts: &[&str], face: Face) -> Option<Response> {
        let mut request = Request::builder().method(method).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let address = |url| PublicAddress::new(&Url::parse(url).unwrap());
        let (public, mtls) =
            (address("https://id.example.com"), address("https://mtls.example.com:8443"));
        let names = Names { public: &public, mtls: Some(&mtls) };
        check(&request.body(()).unwrap(), names, face)
    }
}
