//! What every handler needs: the engine, and what the server is called.

use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::fetch::Fetch;
use cloakroom_engine::secret::{self, CookieSecret};
use cloakroom_engine::visitor::{Browser, Visitor};
use cloakroom_model::policy::entry::Rule;
use http::header::USER_AGENT;
use http::{Extensions, HeaderMap};
use ipnet::IpNet;
use url::Url;

use crate::address::PublicAddress;
use crate::cookies::{Cookies, Name};
use crate::device_name;
use crate::forward_auth::hosts::Hosts;
use crate::layers::client_address;
use crate::layers::client_certificate::{ClientCertificate, Sources};
use crate::operators::Traffic;
use crate::session_cookies::SessionCookies;

/// What an operator can set of the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What people and clients call the server: an origin.
    pub public_url: Url,
    /// The proxies that are believed about whom they were called by.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
    /// The domain whose hosts may see who is there, without a dot in front; it holds the public host.
    pub cookie_domain: Option<String>,
    /// The rules of the hosts behind proxies.
    pub forward_auth: Vec<Rule>,
    /// What programs call the server where it asks for their certificate: an origin.
    pub mtls_url: Option<Url>,
    /// Whose word is taken about client certificates.
    pub client_certificates: Sources,
}

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// The use cases.
    pub engine: Engine,
    /// The way to other servers, for use cases that take one.
    pub fetch: Arc<dyn Fetch>,
    /// What the server is called.
    pub address: PublicAddress,
    /// What it is called where it asks programs for their certificate.
    pub mtls_address: Option<PublicAddress>,
    /// The names of its cookies.
    pub cookies: Cookies,
    /// What browsers are given and what is taken back.
    pub session_cookies: SessionCookies,
    /// The hosts behind proxies at which people enter.
    pub hosts: Arc<Hosts>,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
    /// What came and how it was answered.
    pub traffic: Traffic,
    trusted_proxies: Vec<IpNet>,
    client_certificates: Sources,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the engine behind a public name, with a way to other servers.
    #[must_use]
    pub fn new(engine: Engine, fetch: Arc<dyn Fetch>, settings: Settings) -> Self {
        let Settings { public_url, trusted_proxies, body_limit, cookie_domain, .. } = settings;
        let address = PublicAddress::new(&public_url);
        let mtls_address = settings.mtls_url.as_ref().map(PublicAddress::new);
        let cookies = Cookies::new(address.is_https());
        let session_cookies = SessionCookies::new(cookies, cookie_domain);
        let hosts = Arc::new(Hosts::new(settings.forward_auth, address.is_https()));
        let traffic = Traffic::default();
        Self(Arc::new(Parts {
            engine,
            fetch,
            address,
            mtls_address,
            cookies,
            session_cookies,
            hosts,
            body_limit,
            traffic,
            trusted_proxies,
            client_certificates: settings.client_certificates,
        }))
    }

    /// Whether `peer` is a proxy that is believed.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        client_address::is_trusted(peer, &self.trusted_proxies)
    }

    /// Where a request comes from that `peer` sent.
    #[must_use]
    pub fn visitor(&self, peer: SocketAddr, headers: &HeaderMap) -> Visitor {
        let address = client_address::of(peer.ip(), headers, &self.trusted_proxies);
        let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Visitor { address, device: device_name::of(agent) }
    }

    /// The certificate that the client of a request showed, which `peer` sent.
    #[must_use]
    pub fn client_certificate(
        &self,
        peer: SocketAddr,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Option<ClientCertificate> {
        let sources = &self.client_certificates;
        sources.of(peer.ip(), headers, extensions, &self.trusted_proxies, self.engine.now())
    }

    /// The secret in the session's cookie.
    #[must_use]
    pub fn session_cookie(&self, headers: &HeaderMap) -> Option<CookieSecret> {
        CookieSecret::parse(self.cookies.read(Name::Session, headers)?)
    }

    /// What a browser brings of its own accord.
    #[must_use]
    pub fn browser(&self, headers: &HeaderMap) -> Browser {
        let device = self.cookies.read(Name::Device, headers).and_then(secret::from_text);
        Browser { session: self.session_cookie(headers), device }
    }

    /// Gives the browser the cookies that it needs from now on.
    pub fn give_cookies(&self, signed_in: &SignedIn, response: &mut Response) {
        self.session_cookies.give(&self.engine, signed_in, response.headers_mut());
    }

    /// Takes the session's cookies back.
    pub fn take_cookie(&self, response: &mut Response) {
        self.session_cookies.take(response.headers_mut());
    }
}

/// How long a one-time link from a token to a cookie works, for the answer that hands it out.
pub(crate) const LINK_LIVES: Duration = Duration::from_mins(1);
