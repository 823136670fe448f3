//! Settings of TLS and of client certificates that are right each for itself and wrong together.

use super::{network::Listen, table::Settings};

/// A certificate is of no use without its key.
pub(super) fn pair(settings: &Settings) -> Option<String> {
    (settings.tls_certificate.is_some() != settings.tls_key.is_some()).then(|| {
        "tls_certificate and tls_key go together: set both, or neither and leave TLS to a proxy"
            .to_owned()
    })
}

/// Links, redirects and cookies follow the public URL.
pub(super) fn scheme(settings: &Settings) -> Option<String> {
    (settings.speaks_tls() && settings.public_url.scheme() != "https").then(|| {
        format!(
            "public_url is {}, while tls_certificate makes the server speak https alone: give public_url https",
            settings.public_url
        )
    })
}

/// Only TLS asks for certificates.
pub(super) fn mtls_listener(settings: &Settings) -> Option<String> {
    let mtls = settings.mtls_listen.as_ref()?;
    if !settings.speaks_tls() {
        return Some(
            "mtls_listen needs a certificate of the server's own: set tls_certificate and tls_key, or let a proxy \
             ask for client certificates and set client_certificate_header"
                .to_owned(),
        );
    }
    let admin = settings.admin_listen.as_ref().map(|listen| (listen, "admin_listen"));
    let taken = [Some((&settings.listen, "listen")), admin].into_iter().flatten();
    let clash = |(others, _): &(&Listen, &str)| {
        mtls.0.iter().any(|one| others.0.iter().any(|two| one.overlaps(*two)))
    };
    let (_, key) = taken.into_iter().find(clash)?;
    Some(format!("mtls_listen is taken by {key}: give it another port"))
}

/// Whoever may write the header is every client that it names.
pub(super) fn header(settings: &Settings) -> Option<String> {
    let believed = settings.client_certificate_header.is_some();
    (believed && settings.trusted_proxies.is_empty()).then(|| {
        "client_certificate_header is believed from trusted_proxies only, and there are none: name the proxy that \
         writes it"
            .to_owned()
    })
}

/// A setting about certificates that nobody will see is a mistake.
pub(super) fn unused(settings: &Settings) -> Option<String> {
    if settings.mtls_listen.is_some() || settings.client_certificate_header.is_some() {
        let public = settings.mtls_public_url.as_ref()?;
        return (public.scheme() != "https").then(|| {
            "mtls_public_url is plain http, where no client shows a certificate: give it https"
                .to_owned()
        });
    }
    let idle = [
        ("mtls_ca", settings.mtls_ca.is_some()),
        ("mtls_public_url", settings.mtls_public_url.is_some()),
    ];
    idle.into_iter().find(|(_, is_set)| *is_set).map(|(key, _)| {
        format!("{key} is of no use without mtls_listen or client_certificate_header: set one of them as well")
    })
}

impl Settings {
    /// Whether the server speaks TLS itself, at `listen` and at `mtls_listen`.
    pub(crate) fn speaks_tls(&self) -> bool {
        self.tls_certificate.is_some() && self.tls_key.is_some()
    }
}
