//! The files that pages ask for: part of the program, named by what is in them.
//!
//! A name is a hash of the content, so that it may be kept for ever and a new release never meets an old style
//! sheet. The hash is FNV-1a, worked out by the compiler: it keeps versions apart and protects nothing, and
//! nobody but us writes these files.

use std::fmt;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

/// How every page looks.
pub const STYLE: Asset = Asset::new(Kind::Style, include_bytes!("../../assets/cloakroom.css"));
/// Shows times in the reader's own zone.
pub const TIMES: Asset = Asset::new(Kind::Script, include_bytes!("../../assets/times.js"));
/// Lets what is typed into a password field be seen.
pub const PASSWORD: Asset = Asset::new(Kind::Script, include_bytes!("../../assets/password.js"));
/// Sends a form that is only there to be sent on.
pub const SUBMIT: Asset = Asset::new(Kind::Script, include_bytes!("../../assets/submit.js"));
/// The hanger.
pub const ICON: Asset = Asset::new(Kind::Image, include_bytes!("../../assets/icon.svg"));

/// All of them.
pub const ALL: &[&Asset] = &[&STYLE, &TIMES, &PASSWORD, &SUBMIT, &ICON];

/// One file.
#[derive(Debug)]
pub struct Asset {
    kind: Kind,
    body: &'static [u8],
    hash: u64,
}

impl Asset {
    const fn new(kind: Kind, body: &'static [u8]) -> Self {
        Self { kind, body, hash: fnv_1a(body) }
    }

    /// Where pages find it: `/assets/0123456789abcdef.css`.
    #[must_use]
    pub fn href(&self) -> String {
        format!("/assets/{self}")
    }

    /// What it holds.
    #[must_use]
    pub const fn body(&self) -> &'static [u8] {
        self.body
    }
}

/// The name: hash and ending.
impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}.{}", self.hash, self.kind.ending())
    }
}

/// The answer to `GET /assets/{name}`, or `None` where there is no such file.
///
/// # Panics
///
/// Never: the headers are made of hexadecimal digits and fixed text.
#[must_use]
pub fn answer(name: &str, request: &HeaderMap) -> Option<Response<&'static [u8]>> {
    let asset = ALL.iter().find(|asset| asset.to_string() == name)?;
    let etag = format!("\"{:016x}\"", asset.hash);
    let known = crate::answer::is_known(request, &etag);
    let mut response = Response::new(if known { &[][..] } else { asset.body });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::try_from(etag).expect("quoted hexadecimal digits"));
    for (name, value) in &HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind.media_type()));
    Some(response)
}

static HEADERS: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // An SVG is a document too when it is opened by itself.
    (http::header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

#[derive(Clone, Copy, Debug)]
enum Kind {
    Style,
    Script,
    Image,
}

impl Kind {
    const fn ending(self) -> &'static str {
        match self {
            Self::Style => "css",
            Self::Script => "js",
            Self::Image => "svg",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Image => "image/svg+xml",
        }
    }
}

const fn fnv_1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use http::header::IF_NONE_MATCH;

    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // The reference values of draft-eastlake-fnv, appendix C.
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_asset_is_found_by_its_own_name_and_kept_for_ever() {
        let names: HashSet<String> = ALL.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), ALL.len());
        for asset in ALL {
            let response = answer(&asset.to_string(), &HeaderMap::new()).unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(*response.body(), asset.body);
            assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
            assert_eq!(asset.href(), format!("/assets/{asset}"));
        }
    }

    #[test]
    fn who_has_it_already_is_told_so() {
        let name = STYLE.to_string();
        let etag = answer(&name, &HeaderMap::new()).unwrap().headers()["etag"].clone();
        let weak = format!("\"other\", W/{}", etag.to_str().unwrap());
        for (condition, status) in [
            (etag.to_str().unwrap(), StatusCode::NOT_MODIFIED),
            (&weak, StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("\"other\"", StatusCode::OK),
        ] {
            let mut request = HeaderMap::new();
            request.insert(IF_NONE_MATCH, HeaderValue::from_str(condition).unwrap());
            let response = answer(&name, &request).unwrap();
            assert_eq!(response.status(), status, "{condition}");
            assert_eq!(response.body().is_empty(), status == StatusCode::NOT_MODIFIED);
        }
    }

    #[test]
    fn other_names_find_nothing() {
        for name in ["", "cloakroom.css", "../Cargo.toml", "0000000000000000.css"] {
            assert!(answer(name, &HeaderMap::new()).is_none(), "{name:?}");
        }
    }

    #[test]
    fn no_asset_asks_for_anything_from_elsewhere() {
        for asset in ALL {
            let text = std::str::from_utf8(asset.body).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for reach in ["http:", "https:", "url(", "@import", "import("] {
                assert!(!text.contains(reach), "{asset} holds {reach}");
            }
        }
    }
}
