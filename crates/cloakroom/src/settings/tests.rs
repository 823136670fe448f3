//! Which layer decides, and what is refused.

use std::{ffi::OsString, fs, path::PathBuf};

use super::*;

#[test]
fn the_defaults_alone_can_be_used() {
    let loaded = load(&Given::default()).unwrap();
    assert_eq!(loaded.settings.public_url.as_str(), "http://localhost:7117/");
    assert_eq!(loaded.settings.password_min_length, 15);
    assert_eq!(loaded.settings.database, Database::Sqlite("./cloakroom-data/cloakroom.db".into()));
}

#[test]
fn a_flag_decides_before_a_variable_before_the_file_before_the_default() {
    let file = File::with("drain = \"1s\"\nbody_limit = \"65KiB\"\nsign_up = \"closed\"\n");
    let mut given = file.given();
    given.flags = vec![("drain", "3s".to_owned())];
    given.variables = variables(&[("CLOAKROOM_DRAIN", "2s"), ("CLOAKROOM_BODY_LIMIT", "66KiB")]);

    let loaded = load(&given).unwrap();
    assert_eq!(loaded.settings.drain.as_secs(), 3);
    assert_eq!(loaded.settings.body_limit, 66 << 10);
    assert_eq!(format!("{:?}", loaded.settings.sign_up), "Closed");

    let source = |key: &str| loaded.layers.entry(row(key).unwrap()).unwrap().source.to_string();
    assert_eq!(source("drain"), "--drain");
    assert_eq!(source("body_limit"), "CLOAKROOM_BODY_LIMIT");
    assert!(source("sign_up").ends_with("cloakroom.toml line 3"));
    assert_eq!(source("log_level"), "default");
}

#[test]
fn the_database_follows_the_data_folder_and_the_url_the_port() {
    let given = Given {
        flags: vec![("data_dir", "/srv/id".to_owned()), ("listen", "localhost:8000".to_owned())],
        ..Given::default()
    };
    let settings = load(&given).unwrap().settings;
    assert_eq!(settings.database, Database::Sqlite("/srv/id/cloakroom.db".into()));
    assert_eq!(settings.public_url.as_str(), "http://localhost:8000/");
}

#[test]
fn with_a_certificate_the_url_is_https() {
    let files = [("CLOAKROOM_TLS_CERTIFICATE", "chain.pem"), ("CLOAKROOM_TLS_KEY", "key.pem")];
    let settings = load_variables(&files).unwrap().settings;
    assert_eq!(settings.public_url.as_str(), "https://localhost:7117/");
    let off = load_variables(&[("CLOAKROOM_TLS_CERTIFICATE", "off")]).unwrap().settings;
    assert_eq!(off.public_url.as_str(), "http://localhost:7117/");
}

#[test]
fn an_unknown_name_in_the_file_is_refused_with_its_line_and_the_nearest_name() {
    let file = File::with("# mine\n\nlisen = \"localhost:1\"\n");
    let problem = file.problem(&file.given());
    assert!(
        problem.ends_with(
            "cloakroom.toml line 3: unknown setting `lisen`; the nearest known name is `listen`"
        ),
        "{problem}"
    );
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_name() {
    assert_eq!(
        refusal(&[("CLOAKROOM_PUBLIC_URI", "https://id.example.com")]),
        "CLOAKROOM_PUBLIC_URI: unknown setting `CLOAKROOM_PUBLIC_URI`; \
         the nearest known name is `CLOAKROOM_PUBLIC_URL`"
    );
}

#[test]
fn a_variable_that_is_not_ours_is_left_alone() {
    assert!(load_variables(&[("CLOAKROOMS", "1"), ("PATH", "/bin")]).is_ok());
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let loaded = load_variables(&[("CLOAKROOM_DRAIN", ""), ("CLOAKROOM_CONFIG", "")]).unwrap();
    assert_eq!(loaded.settings.drain.as_secs(), 10);
}

#[test]
fn a_wrong_value_says_what_was_expected_with_an_example() {
    assert_eq!(
        refusal(&[("CLOAKROOM_ACCESS_TOKEN_TTL", "ten minutes")]),
        "CLOAKROOM_ACCESS_TOKEN_TTL: \"ten minutes\" is not a value for `access_token_ttl`: expected a duration \
         from 1m to 1h: a whole number with ms, s, m, h or d; for example 5m"
    );
    assert!(
        refusal(&[("CLOAKROOM_DATABASE", "postgres://db/cloakroom")])
            .contains("(the database's URL names no user)")
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let Err(problems) = load_variables(&[("CLOAKROOM_DRAIN", "x"), ("CLOAKROOM_SIGN_UP", "x")])
    else {
        panic!("two wrong values were accepted")
    };
    assert_eq!(problems.0.len(), 2);
}

#[test]
fn a_file_that_is_named_must_exist() {
    assert!(
        refusal(&[("CLOAKROOM_CONFIG", "/nowhere/cloakroom.toml")])
            .starts_with("CLOAKROOM_CONFIG: cannot read /nowhere/cloakroom.toml")
    );
}

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_secret_comes_from_its_variable_or_from_a_file_that_a_variable_names() {
    let key = |variables: &[(&str, &str)]| {
        load_variables(variables).unwrap().settings.master_key.map(|key| key.to_text().to_string())
    };
    assert_eq!(key(&[]), None);
    assert_eq!(key(&[("CLOAKROOM_MASTER_KEY", KEY)]), Some(KEY.to_owned()));

    let file = File::with(&format!("{KEY}\n"));
    assert_eq!(
        key(&[("CLOAKROOM_MASTER_KEY_FILE", file.path.to_str().unwrap())]),
        Some(KEY.to_owned())
    );
}

#[test]
fn a_secret_said_twice_is_refused() {
    let file = File::with(KEY);
    let path = file.path.to_str().unwrap();
    let problem = refusal(&[("CLOAKROOM_MASTER_KEY", KEY), ("CLOAKROOM_MASTER_KEY_FILE", path)]);
    assert!(problem.contains("CLOAKROOM_MASTER_KEY says the same"), "{problem}");
}

#[test]
fn a_secret_in_the_file_of_settings_is_refused_and_not_repeated() {
    let file = File::with(&format!("master_key = \"{KEY}\"\n"));
    let problem = file.problem(&file.given());
    assert!(problem.contains("set CLOAKROOM_MASTER_KEY or CLOAKROOM_MASTER_KEY_FILE"), "{problem}");
    assert!(!problem.contains(KEY));
}

#[test]
fn a_wrong_secret_is_not_repeated() {
    let problem = refusal(&[("CLOAKROOM_MASTER_KEY", "hunter2")]);
    assert!(problem.contains("expected `none` or 32 bytes"), "{problem}");
    assert!(!problem.contains("hunter2"));
}

#[test]
fn only_files_that_read_secrets_may_be_named() {
    let problem = refusal(&[("CLOAKROOM_LISTEN_FILE", "/etc/hostname")]);
    assert!(problem.contains("unknown setting"), "{problem}");
}

/// Each row: what is set, and a piece of the refusal; or that it is accepted.
#[test]
fn combinations_that_cannot_work_are_refused_with_what_to_do() {
    let https = ("CLOAKROOM_PUBLIC_URL", "https://id.example.com");
    let certificate = ("CLOAKROOM_TLS_CERTIFICATE", "/etc/tls/chain.pem");
    let tls_key = ("CLOAKROOM_TLS_KEY", "/etc/tls/key.pem");
    let mtls = ("CLOAKROOM_MTLS_LISTEN", "0.0.0.0:8443");
    let mtls_ca = ("CLOAKROOM_MTLS_CA", "/etc/tls/clients.pem");
    let header = ("CLOAKROOM_CLIENT_CERTIFICATE_HEADER", "Client-Cert");
    let proxies = ("CLOAKROOM_TRUSTED_PROXIES", "10.0.0.0/8");
    let outside = ("CLOAKROOM_LISTEN", "0.0.0.0:7117");
    let accepted = "";
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[https], accepted),
        (&[("CLOAKROOM_PUBLIC_URL", "http://id.example.com")], "give it https"),
        (
            &[
                ("CLOAKROOM_PUBLIC_URL", "http://id.example.com"),
                ("CLOAKROOM_DANGER_PLAIN_HTTP", "true"),
            ],
            accepted,
        ),
        (&[("CLOAKROOM_PUBLIC_URL", "http://id.localhost:7117")], accepted),
        (&[outside], "listen at localhost"),
        (&[outside, ("CLOAKROOM_DANGER_PLAIN_HTTP", "true")], accepted),
        (&[outside, https], "name the proxy"),
        (&[outside, https, ("CLOAKROOM_TRUSTED_PROXIES", "10.0.0.0/8")], accepted),
        (&[outside, https, certificate, tls_key], accepted),
        (&[certificate, tls_key], accepted),
        (&[certificate], "go together"),
        (&[tls_key], "go together"),
        (
            &[certificate, tls_key, ("CLOAKROOM_PUBLIC_URL", "http://localhost:7117")],
            "give public_url https",
        ),
        (&[certificate, tls_key, mtls, mtls_ca], accepted),
        (&[mtls], "needs a certificate"),
        (&[certificate, tls_key, ("CLOAKROOM_MTLS_LISTEN", "0.0.0.0:7117")], "taken by listen"),
        (&[certificate, tls_key, mtls_ca], "mtls_ca is of no use"),
        (&[https, header, proxies, mtls_ca], accepted),
        (&[https, header], "there are none"),
        (
            &[https, header, proxies, ("CLOAKROOM_MTLS_PUBLIC_URL", "http://m.example.com")],
            "plain http",
        ),
        (&[https, ("CLOAKROOM_COOKIE_DOMAIN", "example.com")], accepted),
        (&[https, ("CLOAKROOM_COOKIE_DOMAIN", "example.org")], "not below it"),
        (&[https, ("CLOAKROOM_COOKIE_DOMAIN", "com")], "single label"),
        (
            &[
                ("CLOAKROOM_PUBLIC_URL", "http://id.app.localhost"),
                ("CLOAKROOM_COOKIE_DOMAIN", "app.localhost"),
            ],
            "needs an https public_url",
        ),
        (&[https, ("CLOAKROOM_PROFILE", "fapi2")], accepted),
        (&[("CLOAKROOM_PROFILE", "fapi2")], "asks for https"),
        (&[("CLOAKROOM_PROFILE", "fapi2"), ("CLOAKROOM_DANGER_PLAIN_HTTP", "true")], accepted),
        (
            &[https, ("CLOAKROOM_PROFILE", "fapi2"), ("CLOAKROOM_SIGNING_ALGORITHM", "RS256")],
            "take ES256",
        ),
        (&[("CLOAKROOM_PROFILE", "oidc-certification")], accepted),
        (&[("CLOAKROOM_ADMIN_LISTEN", "127.0.0.1:7117")], "give it another port"),
        (&[("CLOAKROOM_ADMIN_LISTEN", "127.0.0.1:7118")], accepted),
        (&[("CLOAKROOM_SESSION_DATA_LIMIT", "256KiB")], "raise the one"),
        (&[("CLOAKROOM_KEY_ROTATION_PERIOD", "1d")], "rotate less often"),
        (&[("CLOAKROOM_MASTER_KEY", KEY), ("CLOAKROOM_MASTER_KEY_PREVIOUS", KEY)], "the same key"),
    ];
    refused_with(table);
}

/// The same of services behind proxies.
#[test]
fn rules_that_no_browser_could_satisfy_are_refused_with_what_to_do() {
    let https = ("CLOAKROOM_PUBLIC_URL", "https://id.example.com");
    let domain = ("CLOAKROOM_COOKIE_DOMAIN", "example.com");
    let proxies = ("CLOAKROOM_TRUSTED_PROXIES", "10.0.0.0/8");
    let rule = |rule| ("CLOAKROOM_FORWARD_AUTH", rule);
    let accepted = "";
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[https, domain, proxies, rule("wiki.example.com")], accepted),
        (&[https, domain, rule("wiki.example.com")], "forward_auth answers trusted_proxies alone"),
        (&[https, proxies, rule("wiki.example.com")], "set cookie_domain"),
        (&[https, domain, proxies, rule("wiki.example.org")], "not below cookie_domain"),
        (&[https, domain, proxies, rule("id.example.com:8443")], "a host name of its own"),
        (&[https, domain, proxies, rule("a.example.com, a.example.com role=a")], "two rules"),
        (&[https, domain, proxies, rule("a.example.com, b.example.com")], accepted),
        (&[https, domain, proxies, rule("a.example.com level=aal2")], "write level=aal1"),
        (
            &[
                https,
                domain,
                proxies,
                rule("a.example.com audience=https://id.example.com pass=authorization"),
            ],
            "Cloakroom itself",
        ),
        (
            &[
                https,
                domain,
                proxies,
                ("CLOAKROOM_PROFILE", "fapi2"),
                rule("a.example.com audience=https://a.example.com pass=authorization"),
            ],
            "leave pass out",
        ),
        (&[proxies, rule("localhost:3000")], accepted),
        (&[proxies, rule("app.localhost:3000")], "while developing"),
    ];
    refused_with(table);
}

#[test]
fn a_file_has_a_rule_in_each_line_of_a_list() {
    let file = File::with(
        "public_url = \"https://id.example.com\"\ncookie_domain = \"example.com\"\n\
         trusted_proxies = \"127.0.0.1\"\nforward_auth = [\n  \"wiki.example.com\",\n  \
         \"admin.example.com role=admin within=10m\",\n]\n",
    );
    let rules = load(&file.given()).unwrap().settings.forward_auth;
    assert_eq!(rules.len(), 2);
    assert_eq!(
        (rules[0].host.as_str(), rules[1].host.as_str()),
        ("wiki.example.com", "admin.example.com")
    );
    let problem = refusal(&[("CLOAKROOM_FORWARD_AUTH", "a.example.com rol=x")]);
    assert!(
        problem.contains("`rol=x` is no word of a rule: expected KEY=VALUE with role,"),
        "{problem}"
    );
}

/// Each row: what is set, and a piece of the refusal; or that it is accepted.
fn refused_with(table: &[(&[(&str, &str)], &str)]) {
    for (variables, piece) in table {
        match (load_variables(variables), *piece) {
            (Ok(_), "") => {}
            (Ok(_), _) => panic!("{variables:?} was accepted"),
            (Err(problems), "") => panic!("{variables:?}: {problems}"),
            (Err(problems), piece) => {
                assert!(problems.to_string().contains(piece), "{variables:?}: {problems}");
            }
        }
    }
}

struct File {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl File {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cloakroom.toml");
        fs::write(&path, text).unwrap();
        Self { path, _folder: folder }
    }

    fn given(&self) -> Given {
        Given { config: Some(self.path.clone()), ..Given::default() }
    }

    fn problem(&self, given: &Given) -> String {
        let Err(problems) = load(given) else { panic!("{} was accepted", self.path.display()) };
        assert_eq!(problems.0.len(), 1, "{problems}");
        problems.0[0].to_string()
    }
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

fn load_variables(pairs: &[(&str, &str)]) -> Result<Loaded, Problems> {
    load(&Given { variables: variables(pairs), ..Given::default() })
}

fn refusal(pairs: &[(&str, &str)]) -> String {
    let Err(problems) = load_variables(pairs) else { panic!("{pairs:?} was accepted") };
    assert_eq!(problems.0.len(), 1, "{problems}");
    problems.0[0].to_string()
}
