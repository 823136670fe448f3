//! The rules of hosts behind proxies, one in a line: a host, and words that say who may enter there.

use std::fmt::Display;
use std::time::Duration;

use cloakroom_model::id::UserId;
use cloakroom_model::policy::entry::{Name, Open, Passes, Rule, Service, Who};
use cloakroom_model::session::Acr;
use cloakroom_model::user::Role;
use url::{Host, Url};

use super::takes::{DAY, Lasting, MINUTE, OneOf, Takes, Wrong};

const LEVELS: OneOf<Acr> = OneOf(&[("aal1", Acr::Aal1), ("aal2", Acr::Aal2), ("aal3", Acr::Aal3)]);
const WITHIN: Lasting = Lasting { from: MINUTE, to: DAY };
const NAMES: OneOf<Name> =
    OneOf(&[("id", Name::Id), ("email", Name::Email), ("username", Name::Username)]);
const PASSES: OneOf<Passes> =
    OneOf(&[("x-cloakroom-token", Passes::OwnHeader), ("authorization", Passes::Authorization)]);
const TOKENS: OneOf<bool> = OneOf(&[("accepted", true), ("ignored", false)]);

/// Reads a rule.
pub(super) struct EntryRule;

impl Takes for EntryRule {
    type Value = Rule;

    fn expected(&self) -> String {
        "hosts, each followed by any of role=ROLE, user=ID, level=aal1, within=10m, open=/PATH, name=id, email or \
         username, audience=URL, scope=SCOPE, pass=x-cloakroom-token or authorization, tokens=accepted"
            .to_owned()
    }

    fn read(&self, text: &str) -> Result<Rule, Wrong> {
        let mut words = text.split_whitespace();
        let host = host(words.next().ok_or(Wrong::Shape)?)?;
        let mut said = Said::default();
        for word in words {
            said.hear(word).map_err(|why| Wrong::Says(format!("{host}: {why}")))?;
        }
        let service = said.service().map_err(|why| Wrong::Says(format!("{host}: {why}")))?;
        let Said { roles, users, level, within, open, name, .. } = said;
        let who = if roles.is_empty() && users.is_empty() {
            Who::SignedIn
        } else {
            Who::Of { roles, users }
        };
        Ok(Rule { host, who, level, within, open, name: name.unwrap_or_default(), service })
    }
}

/// What the words of a rule said.
#[derive(Default)]
struct Said {
    roles: Vec<Role>,
    users: Vec<UserId>,
    level: Option<Acr>,
    within: Option<Duration>,
    open: Vec<Open>,
    name: Option<Name>,
    audience: Option<String>,
    scope: Vec<String>,
    pass: Option<Passes>,
    tokens: Option<bool>,
}

impl Said {
    fn hear(&mut self, word: &str) -> Result<(), String> {
        const KEYS: &str = "role, user, level, within, open, name, audience, scope, pass or tokens";
        let unknown = || format!("`{word}` is no word of a rule: expected KEY=VALUE with {KEYS}");
        let (key, value) = word.split_once('=').ok_or_else(unknown)?;
        let wrong = |expected: &dyn Display| format!("`{word}`: expected {expected}");
        match key {
            "role" => self.roles.push(Role::parse(value).map_err(|error| wrong(&error))?),
            "user" => {
                let id = value.parse();
                let what = "the user's id, which `cloakroom user list` shows";
                self.users.push(id.map_err(|_| wrong(&what))?);
            }
            "open" => self.open.push(Open::parse(value).map_err(|error| wrong(&error))?),
            "scope" if is_scope(value) => self.scope.push(value.to_owned()),
            "scope" => return Err(wrong(&"one word of a scope (RFC 6749 section 3.3)")),
            "level" => once(&mut self.level, word, one(&LEVELS, word, value)?)?,
            "within" => once(&mut self.within, word, one(&WITHIN, word, value)?)?,
            "name" => once(&mut self.name, word, one(&NAMES, word, value)?)?,
            "pass" => once(&mut self.pass, word, one(&PASSES, word, value)?)?,
            "tokens" => once(&mut self.tokens, word, one(&TOKENS, word, value)?)?,
            "audience" => {
                let url = Url::parse(value).ok().filter(|url| url.fragment().is_none());
                url.ok_or_else(|| wrong(&"the URL by which tokens name the service"))?;
                once(&mut self.audience, word, value.to_owned())?;
            }
            _ => return Err(unknown()),
        }
        Ok(())
    }

    fn service(&mut self) -> Result<Option<Service>, String> {
        let accepts = self.tokens.unwrap_or(false);
        let scope = std::mem::take(&mut self.scope);
        let Some(audience) = self.audience.take() else {
            let needs = [
                ("pass", self.pass.is_some()),
                ("tokens=accepted", accepts),
                ("scope", !scope.is_empty()),
            ];
            return match needs.into_iter().find(|(_, is_said)| *is_said) {
                Some((word, _)) => {
                    Err(format!("{word} needs audience=URL, what the service is called in tokens"))
                }
                None => Ok(None),
            };
        };
        if accepts && scope.is_empty() {
            let why = "tokens=accepted needs scope=SCOPE, or a token that allows nothing would allow everything there";
            return Err(why.to_owned());
        }
        if !accepts && self.pass.is_none() {
            return Err("audience is of no use without pass or tokens=accepted".to_owned());
        }
        Ok(Some(Service { audience, scope, accepts, passes: self.pass }))
    }
}

fn one<T: Takes>(takes: &T, word: &str, value: &str) -> Result<T::Value, String> {
    takes.read(value).map_err(|_| format!("`{word}`: expected {}", takes.expected()))
}

fn once<T>(slot: &mut Option<T>, word: &str, value: T) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("`{word}` says again what was said before it")),
    }
}

/// RFC 6749 §3.3.
fn is_scope(word: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
    !word.is_empty() && word.bytes().all(fits)
}

/// A host as browsers write it, with a port where that is not the scheme's own.
fn host(text: &str) -> Result<String, Wrong> {
    if text.contains('/') {
        return Err(Wrong::Says(format!("{text} is not a host with a name")));
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let Ok(Host::Domain(written)) = Host::parse(name) else {
        return Err(Wrong::Says(format!("{text} is not a host with a name")));
    };
    if written != name || name.ends_with('.') {
        let as_browsers = written.trim_end_matches('.');
        return Err(Wrong::Says(format!("browsers write {name} as {as_browsers}: write it so")));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !name.bytes().all(plain) {
        return Err(Wrong::Says(format!("{text} is not a host with a name")));
    }
    match port.map(str::parse::<u16>) {
        None => Ok(text.to_owned()),
        Some(Ok(443 | 80)) => {
            Err(Wrong::Says(format!("browsers leave the port of {text} out: write {name}")))
        }
        Some(Ok(number)) if number > 0 && port == Some(number.to_string().as_str()) => {
            Ok(text.to_owned())
        }
        Some(_) => Err(Wrong::Says(format!("{text} has a port that is none"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_alone_lets_in_whoever_is_signed_in() {
        let rule = EntryRule.read("wiki.example.com").unwrap();
        assert_eq!((rule.host.as_str(), &rule.who), ("wiki.example.com", &Who::SignedIn));
        assert!(rule.service.is_none() && rule.open.is_empty() && rule.name == Name::Id);
        assert_eq!(EntryRule.read("localhost:3000").unwrap().host, "localhost:3000");
    }

    #[test]
    fn every_word_is_heard() {
        let rule = EntryRule
            .read(
                "a.example.com role=staff role=admin user=0190a5d4-7c3e-7000-8000-000000000001 level=aal1 \
                 within=10m open=/public open=/health name=email audience=https://a.example.com scope=read \
                 scope=write pass=authorization tokens=accepted",
            )
            .unwrap();
        let Who::Of { roles, users } = &rule.who else { panic!("{rule:?}") };
        assert_eq!((roles.len(), users.len(), rule.open.len()), (2, 1, 2));
        assert_eq!((rule.level, rule.within), (Some(Acr::Aal1), Some(MINUTE * 10)));
        assert_eq!(rule.name, Name::Email);
        let service = rule.service.unwrap();
        assert_eq!((service.scope.len(), service.accepts), (2, true));
        assert_eq!(service.passes, Some(Passes::Authorization));
    }

    #[test]
    fn what_is_no_rule_says_what_to_write() {
        for (text, piece) in [
            ("", ""),
            ("WIKI.example.com", "wiki.example.com: write it so"),
            ("wiki.example.com.", "wiki.example.com: write it so"),
            ("bücher.example.com", "xn--bcher-kva.example.com: write it so"),
            ("https://wiki.example.com", "not a host"),
            ("wiki.example.com:443", "write wiki.example.com"),
            ("wiki.example.com:0", "port"),
            ("wiki.example.com:x", "port"),
            ("192.0.2.1", "not a host"),
            ("[::1]:80", "not a host"),
            ("*.example.com", "not a host"),
            ("a.example.com staff", "no word of a rule"),
            ("a.example.com rol=staff", "no word of a rule"),
            ("a.example.com role=Staff", "a role is 1 to 64"),
            ("a.example.com user=ada@example.com", "cloakroom user list"),
            ("a.example.com level=2", "one of aal1, aal2, aal3"),
            ("a.example.com within=1s", "a duration from 1m to 1d"),
            ("a.example.com within=5m within=6m", "says again"),
            ("a.example.com open=/a/../b", "begins with a slash"),
            ("a.example.com name=nick", "one of id, email, username"),
            ("a.example.com pass=authorization", "needs audience=URL"),
            ("a.example.com scope=read", "needs audience=URL"),
            ("a.example.com tokens=accepted", "needs audience=URL"),
            ("a.example.com audience=https://a.example.com tokens=accepted", "needs scope=SCOPE"),
            ("a.example.com audience=https://a.example.com", "of no use"),
            ("a.example.com audience=a pass=authorization", "the URL by which"),
        ] {
            let said = match EntryRule.read(text).unwrap_err() {
                Wrong::Says(said) => said,
                Wrong::Because(said) => said.to_owned(),
                Wrong::Shape => String::new(),
            };
            assert!(said.contains(piece), "{text}: {said}");
        }
    }
}
