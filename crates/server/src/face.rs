//! To whom an address speaks, which decides how a request is turned away there: with a page, or with a problem.

/// To whom an address speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Face {
    /// To programs.
    Api,
    /// To people.
    Page,
    /// To a proxy, about a request that came to it.
    Proxy,
    /// To whatever looks whether this server is alive, by any of its names.
    Health,
}

impl Face {
    /// The face of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        const API: [&str; 6] =
            ["/api/", "/oauth/", "/ssf/", "/.well-known/", "/openapi.json", "/problems/"];
        /// Where browsers come to OAuth.
        const PAGES: [&str; 2] = ["/oauth/authorize", "/oauth/logout"];
        if path == "/healthz" {
            Self::Health
        } else if path == "/forward-auth" || path.starts_with("/forward-auth/") {
            Self::Proxy
        } else if PAGES.contains(&path) {
            Self::Page
        } else if API.iter().any(|beginning| path.starts_with(beginning)) {
            Self::Api
        } else {
            Self::Page
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_people_have_addresses_of_their_own() {
        for path in [
            "/api/v1/session",
            "/oauth/token",
            "/ssf/stream",
            "/.well-known/jwks.json",
            "/openapi.json",
        ] {
            assert_eq!(Face::of(path), Face::Api, "{path}");
        }
        for path in
            ["/", "/sign-in", "/account/devices", "/apis", "", "/oauth/authorize", "/oauth/logout"]
        {
            assert_eq!(Face::of(path), Face::Page, "{path}");
        }
        assert_eq!(Face::of("/healthz"), Face::Health);
        for (path, face) in [
            ("/forward-auth", Face::Proxy),
            ("/forward-auth/wiki/page", Face::Proxy),
            ("/forward-authx", Face::Page),
        ] {
            assert_eq!(Face::of(path), face, "{path}");
        }
    }
}
