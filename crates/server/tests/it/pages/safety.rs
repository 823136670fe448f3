//! What holds for every page: strict headers, nothing inline, nothing from elsewhere, and no dead link.

use axum::body::Body;
use http::{Request, StatusCode};

use super::browser::{Page, Scene, attribute, scene, scene_with};

const STRANGERS: [&str; 8] = [
    "/sign-in",
    "/sign-up",
    "/recover",
    "/sign-out",
    "/setup",
    "/sign-in/link",
    "/device",
    "/assets/none",
];
const MEMBERS: [&str; 5] =
    ["/account", "/account/password", "/account/devices", "/account/delete", "/sign-out"];

#[tokio::test]
async fn every_page_has_the_strict_headers() {
    let scene = scene().await;
    for (path, page) in all_pages(&scene).await {
        let header = |name: &str| page.headers[name].to_str().unwrap();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        assert!(!page.headers.contains_key("strict-transport-security"), "plain http: {path}");
    }
}

#[tokio::test]
async fn https_stays_https_and_binds_its_cookies() {
    let mut settings = cloakroom_testkit::engine::settings();
    settings.issuer = "https://id.example".to_owned();
    let scene = scene_with(settings).await;
    let page = scene.browser().get("/sign-in").await;
    assert!(page.headers.contains_key("strict-transport-security"));
    let cookie = page.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-cloakroom-form=") && cookie.contains("; Secure"));
}

#[tokio::test]
async fn no_page_has_anything_inline_or_from_elsewhere() {
    let scene = scene().await;
    for (path, page) in all_pages(&scene).await {
        for inline in ["<script>", "<style", " style=\"", " onclick", "javascript:", "data:"] {
            assert!(!page.says(inline), "{inline} in {path}");
        }
        for (tag, name) in [("script", "src"), ("link", "href"), ("img", "src"), ("form", "action")]
        {
            for tag in page.tags(tag) {
                let address = attribute(tag, name).unwrap();
                assert!(address.starts_with('/') && !address.starts_with("//"), "{tag} in {path}");
            }
        }
        assert!(page.says("<html lang=\"en\">") && page.says(" · Cloakroom</title>"), "{path}");
        assert_eq!(page.html.matches("<h1>").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn every_address_on_every_page_leads_somewhere() {
    let scene = scene().await;
    let mut ada = scene.ada().await;
    let mut stranger = scene.browser();
    let mut followed = 0;
    for (path, page) in all_pages(&scene).await {
        for (tag, name) in [("a", "href"), ("link", "href"), ("script", "src"), ("form", "action")]
        {
            for tag in page.tags(tag) {
                let address = attribute(tag, name).unwrap();
                if let Some(id) = address.strip_prefix('#') {
                    page.element(id);
                    continue;
                }
                for browser in [&mut ada, &mut stranger] {
                    let status = browser.get(&address).await.status;
                    let known = [StatusCode::OK, StatusCode::SEE_OTHER, StatusCode::GONE];
                    assert!(known.contains(&status), "{address} on {path}: {status}");
                }
                followed += 1;
            }
        }
    }
    assert!(followed > 50, "{followed}");
}

#[tokio::test]
async fn ids_are_unique_and_every_field_has_a_label() {
    let scene = scene().await;
    scene.ada().await;
    scene.ada_on("Safari on iPhone").await;
    for (path, page) in all_pages(&scene).await {
        let mut ids: Vec<_> = page.html.match_indices(" id=\"").map(|(at, _)| at).collect();
        ids.sort_by_key(|at| page.html[*at..].split('"').nth(1));
        for pair in ids.windows(2) {
            let id = |at: usize| page.html[at..].split('"').nth(1);
            assert_ne!(id(pair[0]), id(pair[1]), "{path}");
        }
        for input in page.tags("input") {
            if input.contains("type=\"hidden\"") || input.contains(" hidden") {
                continue;
            }
            let id = attribute(input, "id").unwrap();
            assert!(page.says(&format!("<label for=\"{id}\">")), "{id} in {path}");
        }
    }
}

#[tokio::test]
async fn an_asset_is_kept_for_ever_and_known_again() {
    let scene = scene().await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-in").await;
    let sheet = page.tags("link").find_map(|tag| attribute(tag, "href")).unwrap();
    let asset = browser.get(&sheet).await;
    assert_eq!(asset.status, StatusCode::OK);
    assert!(asset.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(asset.headers["content-type"], "text/css; charset=utf-8");
    let again = Request::get(&sheet)
        .header("if-none-match", asset.headers["etag"].clone())
        .body(Body::empty())
        .unwrap();
    let again = browser.ask(again).await;
    assert_eq!((again.status, again.html.len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn a_remark_in_the_address_is_not_repeated_on_the_page() {
    let scene = scene().await;
    let mut browser = scene.ada().await;
    browser.get("/account").await;
    for path in ["/account?done=deleted", "/account/password?note=changed"] {
        assert!(!browser.get(path).await.says("role=\"status\""), "{path}");
    }
}

/// Every page in its ordinary state, as a stranger and as somebody who is signed in.
async fn all_pages(scene: &Scene) -> Vec<(&'static str, Page)> {
    let mut pages = Vec::new();
    let mut stranger = scene.browser();
    for path in STRANGERS {
        pages.push((path, stranger.get(path).await));
    }
    pages.push(("/sign-in, refused", stranger.sign_in("", "").await));
    let mut member = scene.member().await;
    for path in MEMBERS {
        let page = member.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        pages.push((path, page));
    }
    pages
}
