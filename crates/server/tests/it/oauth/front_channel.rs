//! Frames on the page after a sign-out: apps hear of it in the browser.

use cloakroom_testkit::browser::Answer;
use cloakroom_testkit::server::Server;

use super::relying_party::{RelyingParty, ada, claims, open, send};
use crate::html;

const OUT: &str = "https://app.example/out";
const BYE: &str = "https://app.example/bye";

#[tokio::test]
async fn the_apps_of_the_session_are_loaded_and_then_the_browser_goes_on() {
    let server = Server::start().await;
    let (app, mut browser) = (app(&server, true).await, ada(&server).await);
    let id_token = app.tokens(&mut browser, &[]).await["id_token"].clone();
    let sid = claims(&id_token)["sid"].as_str().unwrap().to_owned();
    let hint = id_token.as_str().unwrap();

    let wish = format!(
        "/oauth/logout?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye&state=s"
    );
    let page = browser.get(&wish).await;

    assert_eq!(page.status, 200);
    let named = format!("{OUT}?iss=http%3A%2F%2Flocalhost%3A7117&sid={sid}");
    assert_eq!(frame(&page).as_deref(), Some(named.as_str()));
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("; frame-src https://app.example"), "{policy}");
    let text = page.text();
    let onward = html::attribute(html::element(&text, "onward").unwrap(), "href");
    assert_eq!(onward, Some(format!("{BYE}?state=s")));
    assert_eq!(browser.get("/account").await.status, 303);
    // Whoever comes again finds nothing to end.
    assert_eq!(browser.get(&wish).await.header("location"), format!("{BYE}?state=s"));
}

#[tokio::test]
async fn signing_out_on_our_own_page_loads_them_too() {
    let server = Server::start().await;
    let (app, mut browser) = (app(&server, false).await, ada(&server).await);
    // Another session has no part in it.
    let mut other = server.browser();
    other.sign_in("ada", "cookie").await;
    app.tokens(&mut other, &[]).await;
    let ours = open(&mut server.browser(), "/sign-out").await;
    assert!(!ours.header("content-security-policy").contains("frame-src"));

    for (browser, expected) in [(&mut browser, None), (&mut other, Some(OUT))] {
        let page = browser.get("/sign-out").await;
        let form = html::form(&page.text(), "sign-out").unwrap();
        let done = send(browser, &form.action, &form.hidden).await;
        assert_eq!(frame(&done).as_deref(), expected);
        assert_eq!(browser.get("/account").await.status, 303);
    }
}

/// An app that wants to be loaded, named or not.
async fn app(server: &Server, named: bool) -> RelyingParty {
    RelyingParty::with(server, |new| {
        let logout = &mut new.registration.logout;
        logout.redirect_uris = vec![BYE.to_owned()];
        logout.front_channel = Some(OUT.to_owned());
        logout.front_channel_session = named;
    })
    .await
}

/// What a page loads in its frame.
fn frame(page: &Answer) -> Option<String> {
    html::attribute(html::element(&page.text(), "frame-1")?, "src")
}
