//! A check of the server's certificate: that it can be used, for how long, and whether it is for the public host.

use cloakroom_engine::clock::{Clock as _, SystemClock};
use cloakroom_model::time::Timestamp;
use cloakroom_server::tls::{authorities::Authorities, pair::Pair};

use super::Finding;
use crate::{settings::Settings, when::When};

/// Whoever renews by machine has done so before, and whoever does by hand still has time.
const SOON_DAYS: u64 = 14;

/// Whether browsers will take the certificate.
pub(super) fn pair(settings: &Settings) -> Finding {
    let (Some(certificate), Some(key)) = (&settings.tls_certificate, &settings.tls_key) else {
        return Finding::Ok("none: TLS is left to a proxy, or is not spoken".to_owned());
    };
    let pair = match Pair::read(certificate, key) {
        Ok(pair) => pair,
        Err(error) => {
            return Finding::Fail(
                error.to_string(),
                "see that tls_certificate and tls_key name a certificate and its key, both in PEM",
            );
        }
    };
    let host = settings.public_url.host_str().unwrap_or_default();
    // An IPv6 address stands in brackets in a URL and without them elsewhere.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if !pair.is_for(host) {
        return Finding::Fail(
            format!("the certificate is not for {host}, the host of public_url"),
            "have one made for it, or set public_url to the host that it is for",
        );
    }
    lasts(pair.valid_until, SystemClock::new().wall())
}

fn lasts(until: Timestamp, now: Timestamp) -> Finding {
    const RENEW: &str = "renew it; a running server takes the new files by itself";
    let shown = format!("{} UTC", When(until).to_minute());
    if until <= now {
        return Finding::Fail(format!("the certificate ended at {shown}"), RENEW);
    }
    let days = until.since(now).as_secs() / 86_400;
    if days < SOON_DAYS {
        return Finding::Warn(format!("the certificate ends at {shown}, in {days} days"), RENEW);
    }
    Finding::Ok(format!("for the public host, until {shown}"))
}

/// Whether the authorities for clients' certificates can be read.
pub(super) fn authorities(settings: &Settings) -> Finding {
    match settings.mtls_ca.as_deref().map(Authorities::read) {
        None => Finding::Ok("none: certificates are known by registration alone".to_owned()),
        Some(Ok(_)) => Finding::Ok("they can be read".to_owned()),
        Some(Err(error)) => Finding::Fail(
            error.to_string(),
            "see that mtls_ca names the authorities' certificates in PEM",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use super::*;
    use crate::settings::{Given, load};

    #[test]
    fn a_certificate_for_the_public_host_is_well_and_one_for_another_is_not() {
        let folder = tempfile::tempdir().unwrap();
        write_pair(folder.path(), "id.example.com");
        let well = pair(&called(folder.path(), "https://id.example.com"));
        assert!(matches!(&well, Finding::Ok(text) if text.contains("until")));
        let other = pair(&called(folder.path(), "https://www.example.com"));
        assert!(matches!(&other, Finding::Fail(text, _) if text.contains("www.example.com")));
    }

    #[test]
    fn a_key_that_everybody_can_read_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        write_pair(folder.path(), "id.example.com");
        let settings = called(folder.path(), "https://id.example.com");
        assert!(matches!(pair(&settings), Finding::Ok(_)));
        let key = folder.path().join("key.pem");
        fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(pair(&settings), Finding::Fail(text, _) if text.contains("644")));
    }

    #[test]
    fn an_end_is_said_before_it_comes() {
        const NOW: Timestamp = Timestamp(1_800_000_000_000);
        let in_days = |days: u64| lasts(NOW.plus(std::time::Duration::from_hours(24 * days)), NOW);
        assert!(matches!(in_days(60), Finding::Ok(_)));
        assert!(matches!(in_days(5), Finding::Warn(text, _) if text.contains("in 5 days")));
        assert!(matches!(in_days(0), Finding::Fail(..)));
    }

    fn called(folder: &Path, url: &str) -> Settings {
        let file = |name| folder.join(name).to_str().unwrap().to_owned();
        let flags = vec![
            ("public_url", url.to_owned()),
            ("tls_certificate", file("chain.pem")),
            ("tls_key", file("key.pem")),
        ];
        load(&Given { flags, ..Given::default() }).unwrap().settings
    }

    fn write_pair(folder: &Path, host: &str) {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
        let key = folder.join("key.pem");
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
