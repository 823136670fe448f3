use http::header::COOKIE;

use super::*;
use crate::relying_party::randomness::SystemRandomness;

const ISSUER: &str = "https://id.example";
const NOW: u64 = 1_800_000_000;

/// A browser that left for the sign-in.
struct Left {
    state: String,
    cookies: Vec<String>,
}

fn settings() -> Settings {
    Settings::new("shop", "a secret of the shop", "https://shop.example")
        .randomness(SystemRandomness)
}

fn leave(flows: &Flows, headers: &HeaderMap) -> Left {
    let endpoint = Url::parse("https://id.example/authorize?tenant=a").unwrap();
    let wish = ("/orders?page=2".to_owned(), Asked::default());
    let departure = flows.begin(headers, endpoint, &settings(), wish, NOW);
    let query = Url::parse(&departure.location).unwrap().query().unwrap().to_owned();
    let cookies = departure.cookies.iter().map(|line| line.to_str().unwrap().to_owned());
    Left { state: only(&query, "state").unwrap(), cookies: cookies.collect() }
}

fn pair(line: &str) -> &str {
    line.split(';').next().unwrap()
}

fn with(pairs: &[&str]) -> HeaderMap {
    HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&pairs.join("; ")).unwrap())])
}

fn come_back(flows: &Flows, headers: &HeaderMap, query: &str, now: u64) -> Result<Flow, Lost> {
    flows.arrive(headers, query, (ISSUER, true), now).outcome.map(|(flow, code)| {
        assert_eq!(code, "c");
        flow
    })
}

fn good(state: &str) -> String {
    format!("code=c&state={state}&iss=https%3A%2F%2Fid.example")
}

#[test]
fn who_left_comes_back_with_what_they_left_with() {
    let flows = Flows::new(&settings());
    let left = leave(&flows, &HeaderMap::new());
    let line = &left.cookies[0];
    assert!(line.starts_with("__Host-app-flow-"), "{line}");
    assert!(line.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600"), "{line}");
    let headers = with(&[pair(line)]);
    let flow = come_back(&flows, &headers, &good(&left.state), NOW + LIVES - 1).unwrap();
    assert_eq!(flow.return_to, "/orders?page=2");
    assert!(flow.verifier.len() == 43 && flow.nonce.len() == 43 && flow.nonce != flow.verifier);
}

#[test]
fn the_sign_in_is_asked_for_with_a_challenge_and_never_with_its_verifier() {
    let flows = Flows::new(&settings());
    let endpoint = Url::parse("https://id.example/authorize?tenant=a").unwrap();
    let asked = Asked { max_age: Some(60), acr_values: Some("aal2 aal3".to_owned()) };
    let departure =
        flows.begin(&HeaderMap::new(), endpoint, &settings(), ("/".to_owned(), asked), NOW);
    let url = Url::parse(&departure.location).unwrap();
    let query = url.query().unwrap();
    for (name, value) in [
        ("tenant", "a"),
        ("response_type", "code"),
        ("client_id", "shop"),
        ("redirect_uri", "https://shop.example/callback"),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
        ("max_age", "60"),
        ("acr_values", "aal2 aal3"),
    ] {
        assert_eq!(only(query, name).as_deref(), Some(value), "{name}");
    }
    let headers = with(&[pair(departure.cookies[0].to_str().unwrap())]);
    let flow = come_back(&flows, &headers, &good(&only(query, "state").unwrap()), NOW).unwrap();
    let challenge = base64url::encode(&sha256(flow.verifier.as_bytes()));
    assert_eq!(only(query, "code_challenge"), Some(challenge));
    assert!(!departure.location.contains(&flow.verifier));
    let line = departure.cookies[0].to_str().unwrap();
    assert!(!line.contains(&flow.verifier) && !line.contains(&flow.nonce), "{line}");
}

#[test]
fn an_answer_that_is_not_to_this_browser_signs_nobody_in() {
    let flows = Flows::new(&settings());
    let (mine, other) = (leave(&flows, &HeaderMap::new()), leave(&flows, &HeaderMap::new()));
    let cookie = pair(&mine.cookies[0]).to_owned();
    let headers = with(&[&cookie]);
    assert!(come_back(&flows, &headers, &good(&mine.state), NOW).is_ok());
    let swapped = format!(
        "{}={}",
        cookie.split_once('=').unwrap().0,
        pair(&other.cookies[0]).split_once('=').unwrap().1
    );
    let of_another_app =
        Flows::new(&Settings::new("shop", "another secret", "https://shop.example"));
    let forged = leave(&of_another_app, &HeaderMap::new());
    let close = format!("{}{}", &mine.state[..8], &other.state[8..]);
    for (attack, headers, query, now) in [
        ("no cookie: a link that somebody else sent", HeaderMap::new(), good(&mine.state), NOW),
        ("another browser's callback", headers.clone(), good(&other.state), NOW),
        ("another flow's cookie under this name", with(&[&swapped]), good(&mine.state), NOW),
        (
            "a cookie that another secret sealed",
            with(&[pair(&forged.cookies[0])]),
            good(&forged.state),
            NOW,
        ),
        ("a state with the same beginning", headers.clone(), good(&close), NOW),
        ("no state", headers.clone(), "code=c&iss=https%3A%2F%2Fid.example".to_owned(), NOW),
        ("an empty state", headers.clone(), good(""), NOW),
        ("a state that is no state", headers.clone(), good("a;b"), NOW),
        ("two states", headers.clone(), format!("{}&state={}", good(&mine.state), mine.state), NOW),
        ("too late", headers.clone(), good(&mine.state), NOW + LIVES),
        ("the cookie twice", with(&[&cookie, &cookie]), good(&mine.state), NOW),
    ] {
        let lost = come_back(&flows, &headers, &query, now).err();
        assert_eq!(lost, Some(Lost::NotLeft), "{attack}");
    }
}

#[test]
fn an_answer_of_another_issuer_is_not_brought_to_this_one() {
    let flows = Flows::new(&settings());
    let left = leave(&flows, &HeaderMap::new());
    let headers = with(&[pair(&left.cookies[0])]);
    let query = |iss: &str| format!("code=c&state={}{iss}", left.state);
    let own = "&iss=https%3A%2F%2Fid.example";
    let arrive = |iss: &str, names_itself| {
        let arrival = flows.arrive(&headers, &query(iss), (ISSUER, names_itself), NOW);
        assert!(arrival.over.is_some(), "the way is gone, whatever came");
        arrival.outcome.err()
    };
    assert_eq!(arrive(own, true), None);
    assert_eq!(arrive(own, false), None);
    assert_eq!(arrive("", false), None, "issuers from before RFC 9207");
    for iss in ["", "&iss=https%3A%2F%2Fevil.example", "&iss=https%3A%2F%2Fid.example%2F", "&iss="]
    {
        assert_eq!(arrive(iss, true), Some(Lost::AnotherIssuer), "{iss}");
    }
    let twice = format!("{own}{own}");
    assert_eq!(arrive(&twice, false), Some(Lost::AnotherIssuer));
}

#[test]
fn an_error_is_told_and_a_code_beside_it_is_not_looked_at() {
    let flows = Flows::new(&settings());
    let left = leave(&flows, &HeaderMap::new());
    let headers = with(&[pair(&left.cookies[0])]);
    assert!(come_back(&flows, &headers, &good(&left.state), NOW).is_ok());
    let denied = format!("{}&error=access_denied", good(&left.state));
    let told = Lost::Answered("access_denied".to_owned());
    assert_eq!(come_back(&flows, &headers, &denied, NOW).err(), Some(told));
    let twice = format!("{}&code=d", good(&left.state));
    assert!(matches!(come_back(&flows, &headers, &twice, NOW), Err(Lost::Answered(_))));
}

#[test]
fn tabs_do_not_disturb_each_other_and_there_is_an_end_to_them() {
    let flows = Flows::new(&settings());
    let first = leave(&flows, &HeaderMap::new());
    let mut pairs = vec![pair(&first.cookies[0]).to_owned()];
    let mut states = vec![first.state];
    for _ in 1..OPEN {
        let one = leave(&flows, &with(&pairs.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(one.cookies.len(), 1, "nothing is taken back");
        pairs.push(pair(&one.cookies[0]).to_owned());
        states.push(one.state);
    }
    let headers = with(&pairs.iter().map(String::as_str).collect::<Vec<_>>());
    for state in &states {
        assert!(come_back(&flows, &headers, &good(state), NOW).is_ok());
    }
    let fifth = leave(&flows, &headers);
    let name = pairs[0].split_once('=').unwrap().0;
    assert_eq!(pair(&fifth.cookies[0]), format!("{name}="), "the first is taken back");
}

#[test]
fn the_longest_way_back_fits_into_a_cookie() {
    let flows = Flows::new(&settings());
    let endpoint = Url::parse("https://id.example/authorize").unwrap();
    let asked = Asked { max_age: Some(999_999_999), acr_values: Some("a".repeat(200)) };
    let far = format!("/{}", "a".repeat(1999));
    let departure =
        flows.begin(&HeaderMap::new(), endpoint, &settings(), (far.clone(), asked), NOW);
    let line = departure.cookies[0].to_str().unwrap();
    assert!(line.len() <= 4096, "{}", line.len());
    let state = only(Url::parse(&departure.location).unwrap().query().unwrap(), "state").unwrap();
    let flow = come_back(&flows, &with(&[pair(line)]), &good(&state), NOW).unwrap();
    assert_eq!(flow.return_to, far);
}
