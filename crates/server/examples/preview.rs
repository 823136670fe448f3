//! Writes every page in every state to a folder, to be looked at without a server.
//!
//! `cargo run -p cloakroom-server --example preview -- target/preview`

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use askama::Template;
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::policy::password::Refusal;
use cloakroom_model::session::{Acr, Authentication, Carrier, Device as Place, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, Role, User, Username};
use cloakroom_server::pages::assets;
use cloakroom_server::pages::form_token::{Browser, FormKey, FormToken, Holder, Purpose};
use cloakroom_server::pages::local_path::LocalPath;
use cloakroom_server::pages::view::again::{self, Again};
use cloakroom_server::pages::view::apps::{App, Apps};
use cloakroom_server::pages::view::authorize::{NotAnswered, Post};
use cloakroom_server::pages::view::choose::Choose;
use cloakroom_server::pages::view::consent::{Asked, Consent, Want};
use cloakroom_server::pages::view::delete::{self, Delete};
use cloakroom_server::pages::view::device::{self, AskCode, AskDevice, DeviceDone};
use cloakroom_server::pages::view::devices::{self, Device, Devices, Done, Which};
use cloakroom_server::pages::view::error::{ErrorPage, Kind};
use cloakroom_server::pages::view::form::{LinkSecret, Trouble};
use cloakroom_server::pages::view::link::{Kind as LinkKind, Link, LinkSpent};
use cloakroom_server::pages::view::logout::LogOut;
use cloakroom_server::pages::view::moment::{Ago, Moment};
use cloakroom_server::pages::view::not_let_in::NotLetIn;
use cloakroom_server::pages::view::password::{self, Password};
use cloakroom_server::pages::view::profile::{self, Profile};
use cloakroom_server::pages::view::recover::{self, Recover, RecoverHelp};
use cloakroom_server::pages::view::says::Says;
use cloakroom_server::pages::view::set_up::SetUp;
use cloakroom_server::pages::view::sign_in::{self, Because, SignIn};
use cloakroom_server::pages::view::sign_out::{Reach, SignOut, SignedOut};
use cloakroom_server::pages::view::sign_up::{self, BadPassword, SignUp, SignUpClosed};
use cloakroom_server::pages::view::site::{Room, Section, Site};

const ADA: &str = "ada@example.com";
const LONG: &str = "wilhelmina-alexandra.featherstonehaugh-cholmondeley@very-long-subdomain.of-a-university.example";
const LONG_NAME: &str = "wilhelmina-alexandra.featherstonehaugh-cholmondeley.of-the-north";
const NOW: Timestamp = Timestamp(1_793_697_240_000);

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "target/preview".to_owned()));
    fs::create_dir_all(folder.join("assets"))?;
    for asset in assets::ALL {
        fs::write(folder.join("assets").join(asset.to_string()), asset.body())?;
    }
    let pages = pages();
    for (name, html) in &pages {
        // Beside the pages, so that a folder opens without a server.
        fs::write(folder.join(format!("{name}.html")), html.replace("\"/assets/", "\"assets/"))?;
    }
    println!("{} pages in {}", pages.len(), folder.display());
    Ok(())
}

fn pages() -> Vec<(&'static str, String)> {
    let site = site("Cloakroom");
    let long = Site {
        sign_up_open: false,
        host: "accounts.customers.the-very-long-name-of-a-shop.example:8443".to_owned(),
        ..self::site("The Association of Friends of the Municipal Opera House")
    };
    [
        doors(&site, &long),
        one_time_links(&site, &long),
        questions_of_apps(&site, &long),
        let_in(&site, &long),
        rooms(&site, &long),
        errors(&site),
    ]
    .concat()
}

/// What a person sees who comes from an app.
fn questions_of_apps(site: &Site, long: &Site) -> Vec<(&'static str, String)> {
    let onward = || LocalPath::parse("/oauth/authorize?client_id=shop&request_uri=kept").unwrap();
    let scopes = |scopes: &[&str]| scopes.iter().map(|scope| Want::of_scope(scope)).collect();
    let known = Asked {
        unknown_at: None,
        document_at: None,
        who: ADA,
        wants: scopes(&["openid", "email"]),
    };
    let payment = Want::Detail {
        kind: "payment".to_owned(),
        members: vec![
            ("amount".to_owned(), "12.50 EUR".to_owned()),
            ("to".to_owned(), "Umbrella Shop, Lisbon".to_owned()),
        ],
    };
    let stranger = Asked {
        unknown_at: Some("the-very-long-name-of-an-application.example.com"),
        document_at: Some("the-very-long-name-of-an-application.example.com"),
        who: LONG,
        wants: [
            scopes(&["openid", "profile", "email", "offline_access", "documents.read"]),
            vec![Want::Claim("department".to_owned()), payment],
        ]
        .concat(),
    };
    let shop = Says { client: "Umbrella Shop".to_owned(), links: Vec::new() };
    let says = Says {
        client: "The Very Long Name of an Application that Nobody Here Has Ever Heard of"
            .to_owned(),
        links: vec![
            ("its home page", "https://app.example".to_owned()),
            ("its terms", "https://app.example/t".to_owned()),
        ],
    };
    let consent =
        |site, asked, says| Consent::new(site, token(Purpose::Consent), asked, says, onward());
    let again = || Again::new(site, token(Purpose::Again), ADA, Some(onward()));
    let fields = [("code", "x".to_owned()), ("state", "y".to_owned())];
    vec![
        page("consent", &consent(site, known, shop)),
        page("consent-stranger", &consent(long, stranger, says).refused(Trouble::Expired)),
        page("again", &again()),
        page("again-at-host", &again().leads_to(Some("wiki.example.com"))),
        page("not-let-in", &not_let_in(site)),
        page("again-wrong", &again().refused(again::Problem::Mismatch)),
        page(
            "choose",
            &Choose {
                site,
                who: ADA,
                this: "/oauth/authorize?client_id=shop".to_owned(),
                another: onward().as_return_to("/sign-in/another"),
            },
        ),
        page("form-post", &Post::new(site, "https://shop.example/callback", &fields)),
        page(
            "not-answered",
            &NotAnswered::new(
                site,
                "invalid_request",
                "redirect_uri is not one that the client registered",
            ),
        ),
    ]
}

fn not_let_in(site: &Site) -> NotLetIn<'_> {
    let another = "/sign-in/another".to_owned();
    NotLetIn { site, who: ADA, host: "wiki.example.com", another }
}

fn doors(site: &Site, long: &Site) -> Vec<(&'static str, String)> {
    let onward = || LocalPath::parse("/oauth/authorize?client_id=shop&state=1").ok();
    let sign_in = |return_to| SignIn::new(site, token(Purpose::SignIn), return_to);
    let sign_up = || SignUp::new(site, token(Purpose::SignUp), None);
    let wait = Trouble::TooMany(Duration::from_secs(95));
    let busy = Trouble::Busy(Duration::from_secs(4));
    vec![
        page("sign-in", &sign_in(onward())),
        page("sign-in-at-host", &sign_in(onward()).leads_to(Some("wiki.example.com"))),
        page("sign-in-needed", &sign_in(None).because(Because::Needed)),
        page("sign-in-ended", &sign_in(None).because(Because::Ended)),
        page("sign-in-recovered", &sign_in(None).because(Because::Recovered)),
        page(
            "sign-in-mismatch",
            &sign_in(None).typed(ADA, true).refused(&[sign_in::Problem::Mismatch]),
        ),
        page(
            "sign-in-empty",
            &sign_in(None).refused(&[sign_in::Problem::NoIdentifier, sign_in::Problem::NoPassword]),
        ),
        page(
            "sign-in-wait",
            &sign_in(None).typed(ADA, false).refused(&[sign_in::Problem::Trouble(wait)]),
        ),
        page(
            "sign-in-busy",
            &sign_in(None).typed(ADA, false).refused(&[sign_in::Problem::Trouble(busy)]),
        ),
        page(
            "sign-in-expired",
            &sign_in(None)
                .typed("<b>ada</b>", false)
                .refused(&[sign_in::Problem::Trouble(Trouble::Expired)]),
        ),
        page(
            "sign-in-long",
            &SignIn::new(long, token(Purpose::SignIn), None)
                .typed(LONG, false)
                .refused(&[sign_in::Problem::Mismatch]),
        ),
        page("sign-up", &sign_up()),
        page(
            "sign-up-taken",
            &sign_up().typed(ADA, "ada").refused(&[
                sign_up::Problem::EmailTaken,
                sign_up::Problem::UsernameTaken,
                sign_up::Problem::Password(BadPassword::Refused(Refusal::TooShort { minimum: 15 })),
            ]),
        ),
        page(
            "sign-up-malformed",
            &sign_up().typed("ada@@example", "@da").refused(&[
                sign_up::Problem::NotAnEmail,
                sign_up::Problem::NotAUsername,
                sign_up::Problem::Password(BadPassword::Refused(Refusal::Common)),
            ]),
        ),
        page(
            "sign-up-empty",
            &sign_up().refused(&[
                sign_up::Problem::NoEmail,
                sign_up::Problem::Password(BadPassword::Missing),
            ]),
        ),
        page("sign-up-closed", &SignUpClosed { site: long }),
        page("sign-out", &SignOut::new(site, token(Purpose::SignOut), ADA, None)),
        page(
            "sign-out-long",
            &SignOut::new(long, token(Purpose::SignOut), LONG, None).refused(Trouble::Expired),
        ),
        page("log-out", &LogOut::new(site, token(Purpose::LogOut), ADA, Some("Wool & Co"), vec![])),
        page("signed-out", &SignedOut::new(site, Reach::Here)),
        page("signed-out-everywhere", &SignedOut::new(site, Reach::Everywhere)),
        page("deleted", &SignedOut::new(site, Reach::Account)),
    ]
}

fn one_time_links(site: &Site, long: &Site) -> Vec<(&'static str, String)> {
    let set_up = || SetUp::new(site, token(Purpose::SetUp), link());
    let recover = || Recover::new(site, token(Purpose::Recover), link(), ADA);
    vec![
        page("set-up", &set_up()),
        page(
            "set-up-guessable",
            &set_up()
                .typed(ADA, "ada")
                .refused(&[sign_up::Problem::Password(BadPassword::Refused(Refusal::Context))]),
        ),
        page("set-up-spent", &LinkSpent { site, kind: LinkKind::SetUp }),
        page("recover", &recover()),
        page(
            "recover-too-long",
            &recover().refused(recover::Problem::Password(BadPassword::TooLong)),
        ),
        page("recover-spent", &LinkSpent { site, kind: LinkKind::Recover }),
        page("recover-help", &RecoverHelp { site }),
        page("link", &Link::new(site, token(Purpose::Link), link(), ADA, None)),
        page(
            "link-instead",
            &Link::new(long, token(Purpose::Link), link(), LONG, Some("grace@example.com")),
        ),
        page("link-spent", &LinkSpent { site, kind: LinkKind::Cookie }),
    ]
}

fn let_in(site: &Site, long: &Site) -> Vec<(&'static str, String)> {
    let code = || AskCode::new(site, token(Purpose::Device));
    let ask = |site, asked| AskDevice::new(site, token(Purpose::DeviceAnswer), asked);
    let asked = || device::Asked {
        client: "Example TV",
        unknown: false,
        code: "WDJB-MJHT".to_owned().into(),
        address: "203.0.113.7",
        is_near: true,
        began: Ago::new(NOW.minus(Duration::from_secs(40)), NOW),
        who: ADA,
        wants: ["openid", "email", "films.play"].map(Want::of_scope).into(),
        another: "/sign-in/another".to_owned(),
    };
    let far = device::Asked {
        client: "An app that somebody registered under an uncommonly long name of their own",
        unknown: true,
        address: "2001:db8:85a3::8a2e:370:7334",
        is_near: false,
        began: Ago::new(NOW.minus(Duration::from_mins(9)), NOW),
        who: LONG,
        ..asked()
    };
    let wait = Trouble::TooMany(Duration::from_secs(95));
    vec![
        page("device", &code()),
        page("device-brought", &code().brought("WDJB-MJHT")),
        page("device-unknown", &code().typed("WDJB-MJHT").refused(device::Problem::Unknown)),
        page("device-wait", &code().typed("WDJB-MJHT").refused(device::Problem::Trouble(wait))),
        page("device-ask", &ask(site, asked())),
        page("device-ask-far", &ask(long, far)),
        page("device-in", &DeviceDone { site, let_in: true }),
        page("device-away", &DeviceDone { site, let_in: false }),
    ]
}

fn rooms(site: &Site, long: &Site) -> Vec<(&'static str, String)> {
    let (ada, admin) = (user(ADA, None, false), user(ADA, Some("ada"), true));
    let long_user = user(LONG, Some(LONG_NAME), false);
    let profile =
        |user| Profile::new(room(site, ADA, Section::Profile), user, token(Purpose::Profile));
    let password = || Password::new(room(site, ADA, Section::Password), token(Purpose::Password));
    let devices =
        |list| Devices::new(room(site, ADA, Section::Devices), token(Purpose::Devices), list);
    let apps = |list| Apps::new(room(site, ADA, Section::Apps), token(Purpose::Apps), list);
    let delete = || Delete::new(room(site, ADA, Section::Delete), token(Purpose::Delete));
    let busy = Trouble::Busy(Duration::from_secs(4));
    let wait = Duration::from_secs(95);
    vec![
        page("account", &profile(&admin)),
        page("account-welcome", &profile(&ada).welcome()),
        page("account-changed", &profile(&ada).changed()),
        page(
            "account-refused",
            &profile(&ada).typed("ada@@example", "@da").refused(&[
                profile::Problem::NotAnEmail,
                profile::Problem::NotAUsername,
                profile::Problem::WrongPassword,
            ]),
        ),
        page(
            "account-long",
            &Profile::new(room(long, LONG, Section::Profile), &long_user, token(Purpose::Profile))
                .refused(&[profile::Problem::EmailTaken]),
        ),
        page("apps", &apps(Vec::new())),
        page("apps-some", &apps(some_apps()).withdrawn()),
        page("password", &password()),
        page("password-changed", &password().changed(true)),
        page(
            "password-wrong",
            &password().typed(false).refused(&[
                password::Problem::WrongCurrent,
                password::Problem::New(BadPassword::Same),
            ]),
        ),
        page("password-busy", &password().refused(&[password::Problem::Trouble(busy)])),
        page("devices", &devices(some_devices())),
        page("devices-alone", &devices(some_devices().drain(..1).collect())),
        page("devices-done", &devices(some_devices()).done(Done::One)),
        page("devices-many", &devices(many_devices())),
        page("devices-sure", &devices(some_devices()).ask(other(), None)),
        page(
            "devices-sure-wrong",
            &devices(some_devices()).ask(other(), Some(devices::Problem::WrongPassword)),
        ),
        page(
            "devices-sure-others",
            &devices(some_devices())
                .ask(Which::Others, Some(devices::Problem::Trouble(Trouble::TooMany(wait)))),
        ),
        page("delete", &delete()),
        page("delete-wrong", &delete().refused(delete::Problem::WrongPassword)),
    ]
}

fn errors(site: &Site) -> Vec<(&'static str, String)> {
    let wait = Duration::from_secs(30);
    [
        ("error-400", Kind::BadRequest),
        ("error-403", Kind::CrossSite),
        ("error-404", Kind::NotFound),
        ("error-405", Kind::MethodNotAllowed),
        ("error-413", Kind::TooLarge),
        ("error-421", Kind::Misdirected("https://id.example.com")),
        ("error-429", Kind::TooMany(wait)),
        ("error-500", Kind::Internal),
        ("error-503", Kind::Unavailable(wait)),
    ]
    .map(|(name, kind)| page(name, &ErrorPage::new(site, kind)))
    .into()
}

fn page(name: &'static str, view: &impl Template) -> (&'static str, String) {
    (name, view.render().expect("a template that renders"))
}

fn site(name: &str) -> Site {
    Site {
        name: name.to_owned(),
        host: "id.example.com".to_owned(),
        sign_up_open: true,
        shortest_password: 15,
    }
}

fn room<'a>(site: &'a Site, who: &'a str, here: Section) -> Room<'a> {
    Room { site, here, who, sign_out: token(Purpose::SignOut) }
}

fn link() -> LinkSecret {
    LinkSecret::new("3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
}

fn token(purpose: Purpose) -> FormToken {
    FormKey::new(&[7; 32]).token(Holder::Browser(Browser::new([1; 16])), purpose)
}

fn user(email: &str, username: Option<&str>, admin: bool) -> User {
    User {
        id: UserId::from_bytes([7; 16]),
        email: Email::parse(email).expect("an email"),
        username: username.map(|name| Username::parse(name).expect("a username")),
        roles: admin.then(|| Role::parse("admin").expect("a role")).into_iter().collect(),
        life: Life::Active,
        generation: 0,
        created_at: NOW.minus(Duration::from_hours(24 * 400)),
    }
}

/// The second of the devices.
fn other() -> Which {
    Which::One(SessionId::new(NOW.minus(Duration::from_mins(150)), [82; 10]))
}

fn some_devices() -> Vec<Device> {
    [
        (1, "Firefox on Linux", "203.0.113.7", "pwd", 0, 700),
        (2, "Example Shop for Android", "2001:db8:85a3::8a2e:370:7334", "pwd otp", 240, 9_000),
        (3, "Chrome on Windows", "198.51.100.24", "pwd", 19 * 86_400, 90_000),
    ]
    .map(device)
    .into()
}

fn many_devices() -> Vec<Device> {
    let long = "An uncommonly long name of a device that somebody gave to an app on a tablet computer in the hall";
    (1..=40)
        .map(|n| {
            device((
                n,
                if n == 4 { long } else { "Safari on iPhone" },
                "203.0.113.7",
                "pwd",
                u64::from(n) * 5_000,
                u64::from(n) * 90_000,
            ))
        })
        .collect()
}

fn device((n, name, address, amr, seen, began): (u8, &str, &str, &str, u64, u64)) -> Device {
    let ago = |seconds| NOW.minus(Duration::from_secs(seconds));
    let session = Session {
        id: SessionId::new(ago(began), [n.wrapping_mul(41); 10]),
        user: None,
        client: ClientId::built_in(),
        carrier: Carrier::Cookie,
        device: Place { name: name.to_owned(), address: address.to_owned() },
        authentication: Some(Authentication {
            at: ago(began),
            acr: Acr::Aal1,
            amr: amr.split(' ').map(str::to_owned).collect(),
        }),
        created_at: ago(began),
        expires_at: NOW.plus(Duration::from_hours(720)),
        idle: Duration::from_hours(24),
        last_seen_at: ago(seen),
        remembered: false,
    };
    let here = SessionId::new(ago(700), [41; 10]);
    Device::new(&session, here, NOW)
}

fn some_apps() -> Vec<App> {
    let app = |client: &str, name: &str, scopes: &[&str]| App {
        client: ClientId::parse(client).unwrap(),
        name: name.to_owned(),
        may: scopes.iter().map(|scope| Want::of_scope(scope)).collect(),
        since: Moment::new(NOW),
    };
    vec![
        app("shop", "Umbrella Shop", &["openid", "email"]),
        app(
            "reader",
            "The Very Long Name of an Application that Reads Documents",
            &["openid", "profile", "offline_access", "documents.read"],
        ),
    ]
}
