//! The way in and out: the shop asks the identity server to begin a guest's session or to end one, and hands its cookies on.

use axum::http::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Knows where the identity server is.
#[derive(Clone)]
pub(crate) struct Door {
    http: reqwest::Client,
    issuer: String,
}

/// Cookies of the identity server, for the browser.
pub(crate) type Cookies = Vec<HeaderValue>;

impl Door {
    pub(crate) fn new(issuer: String) -> Self {
        Self { http: reqwest::Client::new(), issuer }
    }

    /// Begins a session of somebody who is not asked who they are.
    pub(crate) async fn guest(&self, browser: &HeaderMap) -> reqwest::Result<Cookies> {
        self.ask("guest", r#"{"carry":"cookie"}"#, browser).await
    }

    /// Ends the session of this browser, and with it everything that hangs from it.
    pub(crate) async fn sign_out(&self, browser: &HeaderMap) -> reqwest::Result<Cookies> {
        self.ask("sign-out", "", browser).await
    }

    /// Whether a page of this shop sent a form. The guard asks that of every request with a cookie, but a page of another site
    /// sends none along: without this it could have a guest's session put in the place of the one that is there.
    pub(crate) fn sent_here(&self, browser: &HeaderMap) -> bool {
        match (browser.get(SEC_FETCH_SITE), browser.get(ORIGIN)) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => origin == self.issuer.as_str(),
            (None, None) => false,
        }
    }

    async fn ask(
        &self,
        what: &str,
        body: &'static str,
        browser: &HeaderMap,
    ) -> reqwest::Result<Cookies> {
        let url = format!("{}/api/v1/{what}", self.issuer);
        let mut request = self.http.post(url).header(ORIGIN, &self.issuer);
        for name in [COOKIE, USER_AGENT] {
            request =
                browser.get_all(&name).iter().fold(request, |it, value| it.header(&name, value));
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let answer = request.send().await?.error_for_status()?;
        Ok(answer.headers().get_all(SET_COOKIE).iter().cloned().collect())
    }
}
