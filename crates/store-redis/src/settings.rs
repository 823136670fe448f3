//! Where Redis is and how long it may take, from one URL.
//!
//! | URL | leads to |
//! | --- | --- |
//! | `redis://[user[:password]@]host[:port][/db]` | one server |
//! | `redis+sentinel://[user[:password]@]host[:port],host[:port]/service[/db]` | the master that the sentinels name |
//! | `redis+cluster://[user[:password]@]host[:port],host[:port]` | a cluster that these nodes are of |
//!
//! With `rediss` in the place of `redis` everything is by TLS, to the sentinels too; certificates are verified against
//! the system's roots, or against those in the file that `?ca_file=/path/ca.pem` names, and those alone.
//! `?sentinel_user=` and `?sentinel_password=` are what the sentinels ask for. User, password and parameters are
//! percent-encoded.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

/// Where Redis is, and how long is waited for it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What stands there.
    pub(crate) topology: Topology,
    /// The hosts that are asked first, at least one.
    pub(crate) hosts: Vec<Host>,
    /// Who we are.
    pub(crate) login: Login,
    /// Who we are to the sentinels.
    pub(crate) sentinel_login: Login,
    /// Whether and how it is by TLS.
    pub(crate) tls: Option<Tls>,
    /// The longest that one connection may take to be made. 500 ms.
    pub connect: Duration,
    /// The longest that one answer may take. 500 ms.
    pub answer: Duration,
    /// How many questions may wait for their answers at once; one more is told that storage is busy. 1024.
    pub waiting: usize,
    /// What every key begins with, so that several Cloakrooms can share one Redis. `cloakroom`.
    pub prefix: String,
}

/// What stands there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Topology {
    /// One server.
    Single {
        /// The number of the database.
        db: i64,
    },
    /// A master whom sentinels name.
    Sentinel {
        /// What the sentinels call it.
        service: String,
        /// The number of the database.
        db: i64,
    },
    /// A cluster.
    Cluster,
}

/// A host and a port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) port: u16,
}

impl Host {
    fn shown(&self) -> String {
        if self.name.contains(':') {
            format!("[{}]:{}", self.name, self.port)
        } else {
            format!("{}:{}", self.name, self.port)
        }
    }
}

/// A name and a password, which does not print.
#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Zeroizing<String>>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// How TLS is verified.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tls {
    /// PEM with the roots that are believed; `None` for the system's.
    pub(crate) ca_file: Option<PathBuf>,
}

/// The text does not say where Redis is. What it said is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct NotSettings(&'static str);

const SHAPE: NotSettings = NotSettings(
    "expected redis://host:6379, rediss://host:6379?ca_file=/path/ca.pem, redis+sentinel://host,host/service or redis+cluster://host,host",
);

impl Settings {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, NotSettings> {
        let (scheme, rest) = text.split_once("://").ok_or(SHAPE)?;
        let (base, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        let tls = match base {
            "redis" => None,
            "rediss" => Some(Tls::default()),
            _ => return Err(SHAPE),
        };
        let default_port = if kind == "sentinel" { 26379 } else { 6379 };
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (login, hosts),
            None => ("", authority),
        };
        let hosts = hosts.split(',').map(|host| read_host(host, default_port));
        let hosts = hosts.collect::<Result<Vec<_>, _>>()?;
        // The rest is read as that of one host, by the library that knows URLs.
        let url =
            Url::parse(&format!("redis://{login}{}host{rest}", at_if(login))).map_err(|_| SHAPE)?;
        if url.fragment().is_some() {
            return Err(NotSettings("a password with # / or ? in it must be percent-encoded"));
        }
        let topology = topology(kind, &url)?;
        if topology != Topology::Cluster && kind.is_empty() && hosts.len() > 1 {
            return Err(NotSettings(
                "one server is one host; several are redis+sentinel:// or redis+cluster://",
            ));
        }
        let mut settings = Self {
            topology,
            hosts,
            login: Login {
                user: decoded(url.username())?.filter(|user| !user.is_empty()),
                password: decoded(url.password().unwrap_or_default())?
                    .filter(|password| !password.is_empty())
                    .map(Zeroizing::new),
            },
            sentinel_login: Login::default(),
            tls,
            connect: Duration::from_millis(500),
            answer: Duration::from_millis(500),
            waiting: 1024,
            prefix: "cloakroom".to_owned(),
        };
        for (name, value) in url.query_pairs() {
            settings.set(&name, value.into_owned())?;
        }
        Ok(settings)
    }

    /// The same, with the password that the server asks for. It takes the place of one in the URL.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.login.password = Some(Zeroizing::new(password.to_owned()));
        self
    }

    /// The same, with the roots in this file (PEM), and those alone, believed.
    ///
    /// # Errors
    ///
    /// Where it is not by TLS.
    pub fn with_ca_file(mut self, ca_file: PathBuf) -> Result<Self, NotSettings> {
        self.set(
            "ca_file",
            ca_file
                .into_os_string()
                .into_string()
                .map_err(|_| NotSettings("the path of ca_file must be UTF-8"))?,
        )?;
        Ok(self)
    }

    /// Whether what is said can be read on the way.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.tls.is_none()
    }

    /// Where Redis is, for people: neither a user nor a password is in it.
    #[must_use]
    pub fn shown(&self) -> String {
        let base = if self.is_plain() { "redis" } else { "rediss" };
        let (kind, rest) = match &self.topology {
            Topology::Single { db: 0 } => ("", String::new()),
            Topology::Single { db } => ("", format!("/{db}")),
            Topology::Sentinel { service, db: 0 } => ("+sentinel", format!("/{service}")),
            Topology::Sentinel { service, db } => ("+sentinel", format!("/{service}/{db}")),
            Topology::Cluster => ("+cluster", String::new()),
        };
        let hosts: Vec<_> = self.hosts.iter().map(Host::shown).collect();
        format!("{base}{kind}://{}{rest}", hosts.join(","))
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), NotSettings> {
        match (name, &mut self.tls) {
            ("ca_file", Some(tls)) => tls.ca_file = Some(value.into()),
            ("ca_file", None) => return Err(NotSettings("ca_file is for rediss://")),
            ("sentinel_user", _) => self.sentinel_login.user = Some(value),
            ("sentinel_password", _) => self.sentinel_login.password = Some(Zeroizing::new(value)),
            _ => {
                return Err(NotSettings(
                    "the parameters of a Redis URL are ca_file, sentinel_user and sentinel_password",
                ));
            }
        }
        Ok(())
    }
}

fn at_if(login: &str) -> &'static str {
    if login.is_empty() { "" } else { "@" }
}

fn topology(kind: &str, url: &Url) -> Result<Topology, NotSettings> {
    let mut path = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty());
    let topology = match kind {
        "" => Topology::Single { db: db(path.next())? },
        "sentinel" => {
            let service =
                path.next().ok_or(NotSettings("expected redis+sentinel://host,host/service"))?;
            let service = decoded(service)?.unwrap_or_default();
            Topology::Sentinel { service, db: db(path.next())? }
        }
        "cluster" => Topology::Cluster,
        _ => return Err(SHAPE),
    };
    match path.next() {
        None => Ok(topology),
        Some(_) if topology == Topology::Cluster => {
            Err(NotSettings("a cluster has one database, which no URL names"))
        }
        Some(_) => Err(SHAPE),
    }
}

fn db(segment: Option<&str>) -> Result<i64, NotSettings> {
    let Some(segment) = segment else { return Ok(0) };
    let number: u16 =
        segment.parse().map_err(|_| NotSettings("a database of Redis is a number"))?;
    Ok(number.into())
}

fn read_host(text: &str, default_port: u16) -> Result<Host, NotSettings> {
    let url = Url::parse(&format!("redis://{text}")).map_err(|_| SHAPE)?;
    // An IPv6 address stands in brackets in a URL, and without them where a socket is opened.
    let name = url.host_str().filter(|name| !name.is_empty()).ok_or(SHAPE)?;
    let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Host { name, port: url.port().unwrap_or(default_port) })
}

/// Takes the percent-encoding off.
fn decoded(text: &str) -> Result<Option<String>, NotSettings> {
    // A query's value has the same encoding, but for `+`, which is a space only there.
    let query = format!("x={}", text.replace('+', "%2B"));
    let decoded = url::form_urlencoded::parse(query.as_bytes()).next();
    let text = decoded.map(|(_, value)| value.into_owned());
    if text.as_ref().is_some_and(|text| text.contains('\u{fffd}')) {
        return Err(NotSettings("what is percent-encoded must be UTF-8"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_leads_there_and_names_no_secret() {
        let cases = [
            ("redis://ada:kestrel@one", "redis://one:6379"),
            ("rediss://:kestrel@[::1]:7000/3", "rediss://[::1]:7000/3"),
            (
                "redis+sentinel://one,two/main/2?sentinel_password=kestrel",
                "redis+sentinel://one:26379,two:26379/main/2",
            ),
            ("redis+cluster://one:1,two:2", "redis+cluster://one:1,two:2"),
        ];
        for (url, shown) in cases {
            let settings = Settings::parse(url).unwrap().with_password("kestrel");
            assert_eq!(settings.shown(), shown);
            assert_eq!(hosts(&settings), hosts(&Settings::parse(shown).unwrap()));
        }
    }

    #[test]
    fn an_authority_is_for_tls() {
        let with_ca = |url: &str| Settings::parse(url).unwrap().with_ca_file("/x/ca.pem".into());
        assert_eq!(with_ca("rediss://h").unwrap().tls.unwrap().ca_file, Some("/x/ca.pem".into()));
        assert!(with_ca("redis://h").is_err());
    }

    fn hosts(settings: &Settings) -> Vec<(&str, u16)> {
        settings.hosts.iter().map(|host| (host.name.as_str(), host.port)).collect()
    }

    #[test]
    fn a_url_leads_to_one_server() {
        let settings = Settings::parse("redis://localhost").unwrap();
        assert_eq!(settings.topology, Topology::Single { db: 0 });
        assert_eq!(hosts(&settings), [("localhost", 6379)]);
        assert_eq!(settings.tls, None);
        assert!(settings.login.user.is_none() && settings.login.password.is_none());

        let settings = Settings::parse("redis://me:p%40ss+%2Fword@[::1]:7000/3").unwrap();
        assert_eq!(settings.topology, Topology::Single { db: 3 });
        assert_eq!(hosts(&settings), [("::1", 7000)]);
        assert_eq!(settings.login.user.as_deref(), Some("me"));
        assert_eq!(settings.login.password.as_ref().unwrap().as_str(), "p@ss+/word");

        let settings = Settings::parse("redis://:word@host/").unwrap();
        assert_eq!(settings.login.user, None);
        assert_eq!(settings.login.password.as_ref().unwrap().as_str(), "word");
    }

    #[test]
    fn a_url_leads_to_sentinels_and_to_a_cluster() {
        let settings = Settings::parse(
            "rediss+sentinel://:a@one,two:5000/main/2?ca_file=/x/ca.pem&sentinel_password=b%26c",
        )
        .unwrap();
        let service = "main".to_owned();
        assert_eq!(settings.topology, Topology::Sentinel { service, db: 2 });
        assert_eq!(hosts(&settings), [("one", 26379), ("two", 5000)]);
        assert_eq!(settings.tls, Some(Tls { ca_file: Some("/x/ca.pem".into()) }));
        assert_eq!(settings.sentinel_login.password.as_ref().unwrap().as_str(), "b&c");

        let settings = Settings::parse("redis+cluster://one:1,two:2,three").unwrap();
        assert_eq!(settings.topology, Topology::Cluster);
        assert_eq!(hosts(&settings), [("one", 1), ("two", 2), ("three", 6379)]);
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        assert!(Settings::parse("redis://host/0").is_ok());
        for text in [
            "",
            "host:6379",
            "http://host",
            "redis+proxy://host",
            "redis://",
            "redis://one,two",
            "redis://host:port",
            "redis://host/main",
            "redis://host/1/2",
            "redis://host?timeout=1",
            "redis://host?ca_file=/x",
            "redis://:pass#word@host",
            "redis://:%ff@host",
            "redis+sentinel://host",
            "redis+cluster://host/1",
        ] {
            let refused = Settings::parse(text);
            assert!(refused.is_err(), "{text}");
        }
    }

    #[test]
    fn no_password_prints() {
        let settings =
            Settings::parse("redis+sentinel://me:hush1@host/main?sentinel_password=hush2").unwrap();
        assert_eq!(settings.login.password.as_ref().unwrap().as_str(), "hush1");
        assert!(!format!("{settings:?}").contains("hush"));
        let refused = Settings::parse("redis://me:hush@host:nowhere").unwrap_err();
        assert!(!format!("{refused:?} {refused}").contains("hush"));
    }
}
