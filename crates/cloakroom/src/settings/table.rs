//! Every setting of the server, a row each. Nothing about a setting is said anywhere else.

use std::{path::PathBuf, time::Duration};

use cloakroom_engine::{
    keys::MasterKey,
    settings::{Profile, Registering},
};
use cloakroom_jose::Algorithm;
use cloakroom_model::policy::{entry::Rule, limit::WhenFull};
use cloakroom_store_postgres::Url as PostgresUrl;
use cloakroom_store_redis::Settings as RedisSettings;
use http::HeaderName;
use ipnet::IpNet;
use url::Url;

use super::{
    edge::{PemFile, ProxyHeader},
    forward_auth::EntryRule,
    layers::{Layers, Problem},
    master_key::KeyText,
    network::{CookieDomain, Domain, Endpoints, Listen, Network, Origin, Resource},
    places::{
        Database, DatabaseUrl, Folder, KeyPrefix, Password, PasswordText, PostgresPlace, RedisPlace,
    },
    row::{Row, rows},
    takes::{
        Bytes, DAY, HOUR, Lasting, ListOf, MINUTE, OneOf, Or, SECOND, SWITCH, Takes, Whole, Word,
    },
};

/// Whether people can make an account for themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SignUp {
    /// Anybody can.
    Open,
    /// An administrator makes accounts.
    Closed,
}

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

const LEVELS: &[(&str, tracing::Level)] = &[
    ("error", tracing::Level::ERROR),
    ("warn", tracing::Level::WARN),
    ("info", tracing::Level::INFO),
    ("debug", tracing::Level::DEBUG),
    ("trace", tracing::Level::TRACE),
];

rows! {
    "Reaching the server" {
        listen: Listen {
            takes: Endpoints,
            default: "localhost:7117",
            example: "127.0.0.1:7117, [::1]:7117",
            secret: false,
            sentence: "Where the server listens. `localhost` is both loopback addresses; port 0 lets the system choose.",
        }
        tls_certificate: Option<PathBuf> {
            takes: Or("off", PemFile),
            default: "off",
            example: "/etc/cloakroom/tls/fullchain.pem",
            secret: false,
            sentence: "The server's certificate, with those of its issuers after it. With it and `tls_key`, `listen` speaks https alone; both files are read again when they change.",
        }
        tls_key: Option<PathBuf> {
            takes: Or("off", PemFile),
            default: "off",
            example: "/etc/cloakroom/tls/privkey.pem",
            secret: false,
            sentence: "The key of `tls_certificate`. The file must not be readable by every user of the machine.",
        }
        public_url: Url {
            takes: Origin,
            default: "<scheme>://localhost:<port>",
            example: "https://id.example.com",
            secret: false,
            sentence: "What people and clients call the server. It is the issuer of every token and decides the cookies; by default it is localhost at the port of `listen`.",
        }
        trusted_proxies: Vec<IpNet> {
            takes: ListOf(Network),
            default: "none",
            example: "10.0.0.0/8, 192.0.2.7",
            secret: false,
            sentence: "The proxies whose `X-Forwarded-For` is believed, and which may ask at `/forward-auth`. A client's address is what throttles count by, so trust nobody else.",
        }
        cookie_domain: Option<CookieDomain> {
            takes: Or("off", Domain),
            default: "off",
            example: "example.com",
            secret: false,
            sentence: "A domain whose other hosts may see who is signed in, by a second cookie that identifies and can do nothing more.",
        }
        forward_auth: Vec<Rule> {
            takes: ListOf(EntryRule),
            default: "none",
            example: "wiki.example.com, admin.example.com role=admin within=10m",
            secret: false,
            sentence: "The services behind proxies that ask at `/forward-auth` whether a request may go on: a rule for each host, which says who may enter and what the service is told. Other hosts are refused. `docs/operating/forward-auth.md` explains the words.",
        }
        mtls_listen: Option<Listen> {
            takes: Or("off", Endpoints),
            default: "off",
            example: "0.0.0.0:8443",
            secret: false,
            sentence: "Where the server asks programs for a certificate of their own, over the TLS of `tls_certificate`. Who shows none is served all the same, and whoever issued it, a certificate is only taken with proof of its key.",
        }
        mtls_ca: Option<PathBuf> {
            takes: Or("off", PemFile),
            default: "off",
            example: "/etc/cloakroom/tls/clients.pem",
            secret: false,
            sentence: "The authorities that vouch for clients' certificates; read at the start. Without it only certificates that were registered themselves are of use.",
        }
        mtls_public_url: Option<Url> {
            takes: Or("auto", Origin),
            default: "auto",
            example: "https://mtls.id.example.com",
            secret: false,
            sentence: "What programs call the server where it asks for their certificate; `auto` is the public host at the port of `mtls_listen`.",
        }
        client_certificate_header: Option<HeaderName> {
            takes: Or("off", ProxyHeader),
            default: "off",
            example: "Client-Cert",
            secret: false,
            sentence: "The header in which `trusted_proxies` write a client's certificate once it has proved to hold the key: as RFC 9440 has it, or as escaped PEM. The proxy must remove it from what clients send.",
        }
        fetch_ca: Option<PathBuf> {
            takes: Or("off", PemFile),
            default: "off",
            example: "/etc/cloakroom/tls/own-authority.pem",
            secret: false,
            sentence: "An authority of your own whose certificates are believed, beside the operating system's, when the server asks another one at a URL that a client registered.",
        }
        admin_listen: Option<Listen> {
            takes: Or("off", Endpoints),
            default: "off",
            example: "127.0.0.1:7118",
            secret: false,
            sentence: "Where `/readyz` and `/metrics` are served, apart from everything else.",
        }
        body_limit: u64 {
            takes: Bytes { from: 4 << 10, to: 16 << 20 },
            default: "128KiB",
            example: "256KiB",
            secret: false,
            sentence: "The largest request body that is read; a larger one gets 413.",
        }
        drain: Duration {
            takes: Lasting { from: Duration::ZERO, to: MINUTE * 10 },
            default: "10s",
            example: "30s",
            secret: false,
            sentence: "How long requests in flight may still take after SIGTERM.",
        }
        followers: u32 {
            takes: Whole { from: 1, to: 100_000 },
            default: "4096",
            example: "10000",
            secret: false,
            sentence: "How many services may follow `/api/v1/revocations` at this node at once; each holds a connection.",
        }
        followers_per_client: u32 {
            takes: Whole { from: 1, to: 100_000 },
            default: "1024",
            example: "16",
            secret: false,
            sentence: "How many of them may do so with the tokens of one client: one for each of its processes, and one more while a stream follows on another.",
        }
    }
    "What is kept" {
        data_dir: PathBuf {
            takes: Folder,
            default: "./cloakroom-data",
            example: "/var/lib/cloakroom",
            secret: false,
            sentence: "The folder for the database, the master key and the lock that keeps a second server out.",
        }
        database: Database {
            takes: DatabaseUrl,
            default: "sqlite:<data_dir>/cloakroom.db",
            example: "sqlite:/var/lib/cloakroom/cloakroom.db",
            secret: false,
            sentence: "The database: a file, or a PostgreSQL that any number of nodes share. `memory:` forgets everything when the server stops, and is for trying things out.",
        }
        database_password: Option<Password> {
            takes: Or("none", PasswordText),
            default: "none",
            example: "(the password of the database's user)",
            secret: true,
            sentence: "The password for PostgreSQL, so that no URL has to hold it.",
        }
        database_direct: Option<PostgresUrl> {
            takes: Or("off", PostgresPlace),
            default: "off",
            example: "postgres://cloakroom@db.internal/cloakroom",
            secret: false,
            sentence: "Where `database` leads to a PgBouncer (`pgbouncer=true` in its URL): the way past it to PostgreSQL itself, for changes of the schema and for news between nodes.",
        }
        database_connections: u32 {
            takes: Whole { from: 1, to: 500 },
            default: "8",
            example: "16",
            secret: false,
            sentence: "How many acts a node has under way in PostgreSQL at once, a connection each. It has up to nine more for what is only read and for news.",
        }
        redis: Option<RedisSettings> {
            takes: Or("off", RedisPlace),
            default: "off",
            example: "rediss://cache.internal",
            secret: false,
            sentence: "A Redis 7 or Valkey beside the database, the same one for every node: guests with their data lie there, what nodes have read, their counts of attempts and last uses. What it loses, guests lose.",
        }
        redis_password: Option<Password> {
            takes: Or("none", PasswordText),
            default: "none",
            example: "(the password of the Redis)",
            secret: true,
            sentence: "The password for Redis, so that no URL has to hold it.",
        }
        redis_ca: Option<PathBuf> {
            takes: Or("off", PemFile),
            default: "off",
            example: "/etc/cloakroom/tls/redis-authority.pem",
            secret: false,
            sentence: "The authority whose certificates are believed of a `rediss:` Redis, instead of the operating system's.",
        }
        redis_prefix: String {
            takes: KeyPrefix,
            default: "cloakroom",
            example: "cloakroom-eu",
            secret: false,
            sentence: "What every key in Redis begins with. Each database that uses one Redis needs another.",
        }
        session_data_limit: u64 {
            takes: Bytes { from: 1 << 10, to: 1 << 20 },
            default: "64KiB",
            example: "16KiB",
            secret: false,
            sentence: "How much data a user or a session may keep, over all namespaces.",
        }
        events_retention: Duration {
            takes: Lasting { from: DAY, to: DAY * 3650 },
            default: "180d",
            example: "90d",
            secret: false,
            sentence: "How long events are kept for the list that people and operators read.",
        }
        last_seen_flush: Duration {
            takes: Lasting { from: SECOND, to: MINUTE },
            default: "5s",
            example: "10s",
            secret: false,
            sentence: "How long last-seen times may wait in memory before they are stored. A crash loses no more than this of them.",
        }
        memory_trust: Duration {
            takes: Lasting { from: SECOND, to: SECOND * 30 },
            default: "2s",
            example: "5s",
            secret: false,
            sentence: "How long memory is believed without news from the revocation log; after that the store is asked.",
        }
        remembered_sessions: u32 {
            takes: Whole { from: 100, to: 10_000_000 },
            default: "100000",
            example: "1000000",
            secret: false,
            sentence: "How many sessions a node remembers, at less than 500 bytes each and none before it is seen. Others are read from the store.",
        }
    }
    "Accounts and sessions" {
        sign_up: SignUp {
            takes: OneOf(&[("open", SignUp::Open), ("closed", SignUp::Closed)]),
            default: "open",
            example: "closed",
            secret: false,
            sentence: "Whether people can make an account for themselves.",
        }
        sessions_per_user: Option<u32> {
            takes: Or("off", Whole { from: 1, to: 1000 }),
            default: "off",
            example: "5",
            secret: false,
            sentence: "How many sessions a user may have at once.",
        }
        sessions_when_full: WhenFull {
            takes: OneOf(&[("evict_oldest", WhenFull::EvictOldest), ("refuse", WhenFull::Refuse)]),
            default: "evict_oldest",
            example: "refuse",
            secret: false,
            sentence: "Whether one sign-in more than `sessions_per_user` ends the oldest session or is refused.",
        }
        answer_delay: Duration {
            takes: Lasting { from: Duration::from_millis(50), to: SECOND * 5 },
            default: "250ms",
            example: "500ms",
            secret: false,
            sentence: "When an answer that depends on an account leaves, counted from the request, so that its time does not tell whether the account exists.",
        }
        fresh_sign_in: Duration {
            takes: Lasting { from: SECOND, to: DAY },
            default: "15m",
            example: "1h",
            secret: false,
            sentence: "How long after a sign-in somebody may end their other sessions without writing their password again.",
        }
    }
    "Passwords" {
        password_min_length: u32 {
            takes: Whole { from: 8, to: 64 },
            default: "15",
            example: "12",
            secret: false,
            sentence: "The fewest characters of a new password.",
        }
        context_words: Vec<String> {
            takes: ListOf(Word),
            default: "none",
            example: "example, exampleshop",
            secret: false,
            sentence: "Names of yours that nobody may have as a password; the public host's name is always among them.",
        }
        password_hash_memory: u64 {
            takes: Bytes { from: 7 << 20, to: 1 << 30 },
            default: "19MiB",
            example: "46MiB",
            secret: false,
            sentence: "The memory of one Argon2id hash. Older hashes are replaced when their owner signs in.",
        }
        password_hash_iterations: u32 {
            takes: Whole { from: 1, to: 20 },
            default: "2",
            example: "3",
            secret: false,
            sentence: "The passes of one Argon2id hash.",
        }
        password_hash_threads: Option<u32> {
            takes: Or("auto", Whole { from: 1, to: 64 }),
            default: "auto",
            example: "2",
            secret: false,
            sentence: "How many passwords are hashed at once; `auto` is one for each processor. More wait in line, and over its end get 503.",
        }
    }
    "Tokens and keys" {
        profile: Profile {
            takes: OneOf(&[
                ("oauth21", Profile::OAuth21),
                ("fapi2", Profile::Fapi2),
                ("oidc-certification", Profile::OidcCertification),
            ]),
            default: "oauth21",
            example: "fapi2",
            secret: false,
            sentence: "Which rules clients are held to: `oauth21` is OAuth 2.1 with RFC 9700; `fapi2` is the FAPI 2.0 Security Profile, for clients that prove themselves and their tokens by a key; `oidc-certification` also allows what the OpenID certification asks for, and is for that alone. docs/operating/profiles.md lists what differs.",
        }
        access_token_ttl: Duration {
            takes: Lasting { from: MINUTE, to: HOUR },
            default: "10m",
            example: "5m",
            secret: false,
            sentence: "How long an access token lasts where its client does not say otherwise.",
        }
        status_list_ttl: Duration {
            takes: Lasting { from: SECOND, to: MINUTE * 30 },
            default: "1m",
            example: "5m",
            secret: false,
            sentence: "How long services keep a token status list: how late it tells them that a grant has ended.",
        }
        refresh_replay_window: Duration {
            takes: Lasting { from: Duration::ZERO, to: MINUTE * 5 },
            default: "30s",
            example: "10s",
            secret: false,
            sentence: "How long a rotated refresh token still gets the newest one. After it, using that token again ends the grant.",
        }
        signing_algorithm: Algorithm {
            takes: OneOf(&[
                ("Ed25519", Algorithm::Ed25519),
                ("ES256", Algorithm::Es256),
                ("RS256", Algorithm::Rs256),
            ]),
            default: "Ed25519",
            example: "ES256",
            secret: false,
            sentence: "What tokens are signed with where neither client nor resource asks for another algorithm.",
        }
        key_rotation_period: Duration {
            takes: Lasting { from: DAY, to: DAY * 730 },
            default: "90d",
            example: "30d",
            secret: false,
            sentence: "How long a signing key is current.",
        }
        key_publish_ahead: Duration {
            takes: Lasting { from: HOUR, to: DAY * 30 },
            default: "1d",
            example: "7d",
            secret: false,
            sentence: "How long the next key is published before it signs, so that every service has it by then.",
        }
        master_key: Option<MasterKey> {
            takes: Or("none", KeyText),
            default: "none",
            example: "(32 bytes in base64, kept in your secret store)",
            secret: true,
            sentence: "What seals the keys in the database. With none, `master.key` in the data folder is used, and made at the first start.",
        }
        master_key_previous: Option<MasterKey> {
            takes: Or("none", KeyText),
            default: "none",
            example: "(the key that `master_key` replaces)",
            secret: true,
            sentence: "The master key until now, while it is being changed: the keys in the database are sealed again under `master_key` at the next start.",
        }
    }
    "Clients that come by themselves" {
        client_registration: Registering {
            takes: OneOf(&[
                ("off", Registering::Off),
                ("initial-token", Registering::WithToken),
                ("open", Registering::Open),
            ]),
            default: "off",
            example: "initial-token",
            secret: false,
            sentence: "Who may register a client at `/oauth/register`: nobody, who has a token of `cloakroom client initial-token add`, or anybody. People are told that nobody has checked such a client.",
        }
        client_metadata_documents: bool {
            takes: SWITCH,
            default: "false",
            example: "true",
            secret: false,
            sentence: "Whether a client's name may be the https address of a document about it, which the server then fetches: so that clients work that know nothing but the issuer, such as those of the Model Context Protocol.",
        }
        open_scopes: Vec<String> {
            takes: ListOf(Word),
            default: "openid, profile, email, offline_access",
            example: "openid, offline_access, notes:read",
            secret: false,
            sentence: "The scopes that a client that came by itself may ask people for.",
        }
        open_resources: Vec<String> {
            takes: ListOf(Resource),
            default: "none",
            example: "https://mcp.example.com/mcp",
            secret: false,
            sentence: "The services that the tokens of such a client may be for, beside this server itself. They must look at a token's scope, because anybody's program can get one for whoever allows it.",
        }
        open_clients_limit: u32 {
            takes: Whole { from: 1, to: 100_000 },
            default: "1000",
            example: "200",
            secret: false,
            sentence: "How many clients may have registered themselves at once, and how many may be known by their documents. Those that nobody uses are forgotten.",
        }
    }
    "Logs" {
        log_format: LogFormat {
            takes: OneOf(&[("text", LogFormat::Text), ("json", LogFormat::Json)]),
            default: "text",
            example: "json",
            secret: false,
            sentence: "Whether the log is for people or for programs.",
        }
        log_level: tracing::Level {
            takes: OneOf(LEVELS),
            default: "info",
            example: "debug",
            secret: false,
            sentence: "How much is logged.",
        }
    }
    "Dangers" {
        danger_plain_http: bool {
            takes: SWITCH,
            default: "false",
            example: "true",
            secret: false,
            sentence: "Serves plain http beyond this machine. Whoever is on the way can read every password and take every session.",
        }
        danger_fetch_private_networks: Vec<IpNet> {
            takes: ListOf(Network),
            default: "none",
            example: "10.20.0.0/16",
            secret: false,
            sentence: "Networks that are not public and that the server asks all the same at URLs that clients registered. Whoever may register a client can then reach them through the server.",
        }
        danger_open_without_pkce: bool {
            takes: SWITCH,
            default: "false",
            example: "true",
            secret: false,
            sentence: "Lets clients that register themselves and prove themselves by a secret leave PKCE out, for the certification of OpenID Connect. A code that somebody catches can then be used in a sign-in of their own.",
        }
        danger_no_throttle: bool {
            takes: SWITCH,
            default: "false",
            example: "true",
            secret: false,
            sentence: "Lifts the limits on attempts, for load tests. Passwords can then be guessed without end.",
        }
        danger_no_sync: bool {
            takes: SWITCH,
            default: "false",
            example: "true",
            secret: false,
            sentence: "Acknowledges before the disk has it, so that the check of durability can be seen to fail. A power cut then loses what was acknowledged.",
        }
    }
}

/// The row with this key.
pub(crate) fn row(key: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.key == key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::Given, *};

    #[test]
    fn every_example_is_a_value_and_not_the_default() {
        for row in TABLE.iter().filter(|row| !row.secret) {
            let flags = vec![(row.key, row.example.to_owned())];
            let mut problems = Vec::new();
            let layers = Layers::gather(&Given { flags, ..Given::default() }, &mut problems);
            assert!(Settings::read(&layers, &mut problems).is_some(), "{problems:?}");
            assert_ne!(row.example, row.default, "{}", row.key);
        }
    }

    #[test]
    fn every_key_stands_once() {
        let keys: BTreeSet<_> = TABLE.iter().map(|row| row.key).collect();
        assert_eq!(keys.len(), TABLE.len());
    }

    #[test]
    fn what_weakens_the_server_is_off_until_somebody_says_so() {
        assert!(TABLE.iter().any(Row::is_danger));
        for row in TABLE.iter().filter(|row| row.is_danger()) {
            assert!(matches!(row.default, "false" | "none"), "{}", row.key);
        }
    }

    #[test]
    fn a_secret_has_no_flag() {
        let secrets: Vec<_> = TABLE.iter().filter(|row| row.secret).collect();
        assert!(!secrets.is_empty());
        for row in secrets {
            assert_eq!(row.flag(), None);
            assert!(row.file_variable().is_some());
        }
    }
}
