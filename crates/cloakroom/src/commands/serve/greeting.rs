//! What a server says on standard output when it is ready: where it is, what to know, and how to become its
//! administrator.

use cloakroom_engine::{Engine, settings::Profile};
use cloakroom_server::{listener::Sockets, pages::paths};
use serde::{Serialize, Serializer};
use url::Url;
use zeroize::Zeroizing;

use crate::{
    exit::Failure,
    output::Output,
    settings::{Database, Settings},
};

/// Everything that is said. As JSON it is one line, for whoever starts the server by a program.
#[derive(Serialize)]
pub(super) struct Greeting {
    version: &'static str,
    public_url: String,
    listening: Vec<String>,
    /// Where programs are asked for a certificate.
    mtls_listening: Vec<String>,
    admin_listening: Vec<String>,
    database: String,
    /// What keeps guests and what nodes have in common, beside the database; null where nothing does.
    redis: Option<String>,
    /// The public URL is plain http: cookies have neither a prefix nor `Secure`.
    development: bool,
    /// What was switched on that weakens the server.
    dangers: Vec<&'static str>,
    /// Which rules clients are held to.
    profile: &'static str,
    /// The registered clients that are refused under them, and why.
    refused_clients: Vec<String>,
    /// By which somebody becomes administrator; null where there is one.
    set_up_link: Option<Link>,
}

/// A one-time link, which is said once and never logged.
struct Link(Zeroizing<String>);

/// The opened addresses.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    /// For everybody.
    pub(super) public: &'a Sockets,
    /// For programs that show a certificate.
    pub(super) mtls: Option<&'a Sockets>,
    /// For operators.
    pub(super) operators: Option<&'a Sockets>,
}

impl Greeting {
    /// Makes the set-up link where nobody administrates the server yet. An earlier one stops working.
    pub(super) async fn prepare(
        settings: &Settings,
        public_url: &Url,
        places: Places<'_>,
        engine: &Engine,
    ) -> Result<Self, Failure> {
        let origin = &engine.settings().issuer;
        let secret = engine.set_up_link().await?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            public_url: origin.clone(),
            listening: addresses(places.public),
            mtls_listening: places.mtls.map(addresses).unwrap_or_default(),
            admin_listening: places.operators.map(addresses).unwrap_or_default(),
            database: match &settings.database {
                Database::Sqlite(path) => format!("sqlite:{}", path.display()),
                Database::Postgres(url) => url.shown(),
                Database::Memory => "memory:".to_owned(),
            },
            redis: settings.redis.as_ref().map(cloakroom_store_redis::Settings::shown),
            development: public_url.scheme() != "https",
            dangers: settings.dangers(),
            profile: settings.profile.name(),
            refused_clients: engine
                .clients_that_cannot_work()
                .iter()
                .map(|(client, why)| format!("{client} ({why})"))
                .collect(),
            set_up_link: secret
                .map(|secret| Link(paths::one_time_link(origin, paths::SET_UP, &secret))),
        })
    }

    /// Says it.
    pub(super) fn say(&self, output: &Output) -> Result<(), Failure> {
        output.say(&self.text(), self)
    }

    fn text(&self) -> String {
        let mut lines = vec![
            format!("Cloakroom {} is at {}", self.version, self.public_url),
            format!("  listening at  {}", self.listening.join(", ")),
        ];
        if !self.mtls_listening.is_empty() {
            lines.push(format!("  asking for certificates at  {}", self.mtls_listening.join(", ")));
        }
        if !self.admin_listening.is_empty() {
            lines.push(format!("  operators at  {}", self.admin_listening.join(", ")));
        }
        lines.push(match self.database.split_once(':') {
            Some(("sqlite", file)) => format!("  kept in       {file}"),
            Some(("memory", _)) => {
                "  kept in       memory: everything is forgotten when the server stops".to_owned()
            }
            _ => format!("  kept in       {}", self.database),
        });
        if let Some(redis) = &self.redis {
            lines.push(format!("  guests in     {redis}"));
        }
        if self.development {
            let words = "\nFor development: public_url is plain http, so the cookies have no prefix and are not marked \
                         Secure.\nGive it an https public_url before others use it.";
            lines.push(words.to_owned());
        }
        if !self.dangers.is_empty() {
            lines.push(format!("\nDANGER: {} is on.", self.dangers.join(", ")));
        }
        if self.profile == Profile::OidcCertification.name() {
            lines.push(format!(
                "\nProfile {}: clients may do what the default forbids. It is for the OpenID certification alone.",
                self.profile
            ));
        } else if self.profile != Profile::default().name() {
            lines.push(format!("  profile       {}", self.profile));
        }
        if !self.refused_clients.is_empty() {
            lines.push(format!(
                "\nUnder the profile {} these clients are refused: {}",
                self.profile,
                self.refused_clients.join("; ")
            ));
        }
        if let Some(Link(link)) = &self.set_up_link {
            lines.push(format!(
                "\nNobody administrates this server yet. Whoever opens this link within a day does, unless a server \
                 over the same\ndatabase is started later: then only the link that it prints works.\n  {}",
                **link
            ));
        }
        lines.join("\n")
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

fn addresses(sockets: &Sockets) -> Vec<String> {
    sockets.addresses().iter().map(ToString::to_string).collect()
}
