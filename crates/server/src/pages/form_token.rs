//! Forms that only our own pages can have made: a token in each, bound to the browser or the session it was
//! shown to, and to the form it was made for.
//!
//! A token is an HMAC-SHA256 over what it is bound to, so nothing is stored and any node can check what another
//! handed out. Before sign-in it is bound to [`Browser`], a random number in a cookie of its own that no other
//! site can read or (on https, by its prefix) set; that keeps a stranger from signing somebody in as the
//! stranger. After sign-in it is bound to the session, and a page kept open from before a sign-in or a sign-out
//! earns nothing.
//!
//! The second line of the defence, [`origin_check`](crate::layers::origin_check), rests on other facts: both must pass.
//! Whether a request is signed in, and where the key comes from, is the caller's affair.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_model::id::SessionId;
use http::HeaderValue;

use crate::cookies::{Cookies, Name};

/// The key of all form tokens of one installation; every node has the same one.
pub struct FormKey(hmac::Key);

impl FormKey {
    /// From 32 bytes that are used for nothing else.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// What the form for `purpose` carries when it is shown to `holder`.
    #[must_use]
    pub fn token(&self, holder: Holder, purpose: Purpose) -> FormToken {
        let tag = hmac::sign(&self.0, &bound(holder, purpose));
        FormToken(URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    /// Whether `presented` is the token of this holder and this form. Takes the same time wherever it differs.
    #[must_use]
    pub fn accepts(&self, holder: Holder, purpose: Purpose, presented: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(presented)
            .is_ok_and(|tag| hmac::verify(&self.0, &bound(holder, purpose), &tag).is_ok())
    }
}

impl fmt::Debug for FormKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormKey(..)")
    }
}

/// To whom a form is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holder {
    /// A browser that is not signed in.
    Browser(Browser),
    /// A session.
    Session(SessionId),
}

/// Which form it is: a token that was made for one is refused by every other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Create the administrator.
    SetUp,
    /// Create an account.
    SignUp,
    /// Sign in.
    SignIn,
    /// Sign out of this browser.
    SignOut,
    /// Sign out because a client asks for it.
    LogOut,
    /// Set a new password by a one-time link.
    Recover,
    /// Put the session of a one-time link into this browser.
    Link,
    /// Prove again who one is.
    Again,
    /// Choose the account that is there.
    Choose,
    /// Allow a client what it asks for.
    Consent,
    /// Look for the device that shows a code.
    Device,
    /// Let a device in.
    DeviceAnswer,
    /// Take back what a client may.
    Apps,
    /// Change email and username.
    Profile,
    /// Change the password.
    Password,
    /// Sign out devices: one, the others, all.
    Devices,
    /// Delete the account.
    Delete,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::SetUp => "set-up",
            Self::SignUp => "sign-up",
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::LogOut => "log-out",
            Self::Recover => "recover",
            Self::Link => "link",
            Self::Again => "again",
            Self::Choose => "choose",
            Self::Consent => "consent",
            Self::Device => "device",
            Self::DeviceAnswer => "device-answer",
            Self::Apps => "apps",
            Self::Profile => "profile",
            Self::Password => "password",
            Self::Devices => "devices",
            Self::Delete => "delete",
        }
    }
}

/// The value of the hidden field `csrf`.
#[derive(Clone, Eq, PartialEq)]
pub struct FormToken(String);

impl FormToken {
    /// As it stands in the form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FormToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormToken(..)")
    }
}

/// 128 random bits that tell one browser from the next, for as long as it runs. It identifies nobody.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Browser([u8; 16]);

impl Browser {
    /// From random bytes.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// From the cookie's value; `None` unless it is one of ours to the letter.
    #[must_use]
    pub fn from_cookie(value: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The `Set-Cookie` that gives the browser its number until it closes.
    #[must_use]
    pub fn set_cookie(&self, cookies: Cookies) -> HeaderValue {
        cookies.set(Name::Form, &URL_SAFE_NO_PAD.encode(self.0), None)
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Browser(..)")
    }
}

/// Label, kind and number: the kinds have different lengths, and no label holds a zero, so that no two pairs
/// give the same bytes.
fn bound(holder: Holder, purpose: Purpose) -> Vec<u8> {
    let (kind, number): (&[u8], [u8; 16]) = match holder {
        Holder::Browser(browser) => (b"browser", browser.0),
        Holder::Session(session) => (b"session", *session.as_bytes()),
    };
    [purpose.label().as_bytes(), &[0], kind, &[0], &number].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use cloakroom_model::time::Timestamp;

    use super::*;

    const BROWSER: Holder = Holder::Browser(Browser::new([1; 16]));

    const PURPOSES: [Purpose; 17] = [
        Purpose::SetUp,
        Purpose::SignUp,
        Purpose::SignIn,
        Purpose::SignOut,
        Purpose::LogOut,
        Purpose::Recover,
        Purpose::Link,
        Purpose::Again,
        Purpose::Choose,
        Purpose::Consent,
        Purpose::Device,
        Purpose::DeviceAnswer,
        Purpose::Apps,
        Purpose::Profile,
        Purpose::Password,
        Purpose::Devices,
        Purpose::Delete,
    ];

    #[test]
    fn a_form_is_accepted_from_whom_it_was_shown_to() {
        let key = FormKey::new(&[7; 32]);
        for purpose in PURPOSES {
            let token = key.token(BROWSER, purpose);
            assert!(key.accepts(BROWSER, purpose, token.as_str()));
        }
    }

    #[test]
    fn another_browser_session_form_or_key_is_refused() {
        let key = FormKey::new(&[7; 32]);
        let token = key.token(BROWSER, Purpose::SignIn);
        let other = Holder::Browser(Browser::new([2; 16]));
        let session = Holder::Session(SessionId::from_bytes([1; 16]));
        assert!(key.accepts(BROWSER, Purpose::SignIn, token.as_str()));
        assert!(!key.accepts(other, Purpose::SignIn, token.as_str()));
        assert!(!key.accepts(session, Purpose::SignIn, token.as_str()));
        assert!(!key.accepts(BROWSER, Purpose::SignUp, token.as_str()));
        assert!(!FormKey::new(&[8; 32]).accepts(BROWSER, Purpose::SignIn, token.as_str()));
    }

    #[test]
    fn an_altered_cut_or_missing_token_is_refused() {
        let key = FormKey::new(&[7; 32]);
        let token = key.token(BROWSER, Purpose::SignIn);
        let text = token.as_str();
        assert_eq!(text.len(), 43);
        for bad in
            ["", "é", &text[..42], &format!("{text}A"), &format!("{text}="), &text.to_lowercase()]
        {
            assert!(!key.accepts(BROWSER, Purpose::SignIn, bad), "{bad:?}");
        }
    }

    #[test]
    fn no_two_forms_share_a_token() {
        let key = FormKey::new(&[7; 32]);
        let session = Holder::Session(SessionId::new(Timestamp(1_000), [3; 10]));
        let tokens: HashSet<String> = [BROWSER, session]
            .into_iter()
            .flat_map(|holder| PURPOSES.map(|purpose| key.token(holder, purpose).0))
            .collect();
        assert_eq!(tokens.len(), 2 * PURPOSES.len());
    }

    #[test]
    fn the_cookie_brings_the_same_browser_back() {
        let browser = Browser::new([9; 16]);
        let cookie = browser.set_cookie(Cookies::new(true));
        let text = cookie.to_str().unwrap();
        assert_eq!(
            text,
            "__Host-cloakroom-form=CQkJCQkJCQkJCQkJCQkJCQ; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(Browser::from_cookie("CQkJCQkJCQkJCQkJCQkJCQ"), Some(browser));
    }

    #[test]
    fn a_cookie_of_another_shape_is_nobody() {
        for bad in [
            "",
            "CQkJ",
            "CQkJCQkJCQkJCQkJCQkJCQ==",
            "CQkJCQkJCQkJCQkJCQkJC!",
            "CQkJCQkJCQkJCQkJCQkJCR",
        ] {
            assert_eq!(Browser::from_cookie(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn nothing_secret_prints() {
        let key = FormKey::new(&[7; 32]);
        let token = key.token(BROWSER, Purpose::SignIn);
        assert_eq!(
            format!("{key:?} {token:?} {BROWSER:?}"),
            "FormKey(..) FormToken(..) Browser(Browser(..))"
        );
    }
}
