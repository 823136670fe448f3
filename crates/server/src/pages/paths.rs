//! Where the pages are. Templates write these addresses too; a test holds every link on every page against the
//! router.

use zeroize::Zeroizing;

/// Creates the administrator, by a one-time link.
pub const SET_UP: &str = "/setup";
/// Creates an account.
pub const SIGN_UP: &str = "/sign-up";
/// Signs in.
pub const SIGN_IN: &str = "/sign-in";
/// Puts an app's session into this browser, by a one-time link.
pub const LINK: &str = "/sign-in/link";
/// Signs in as another than is signed in.
pub const SIGN_IN_AS_ANOTHER: &str = "/sign-in/another";
/// Proves again who is signed in.
pub const AGAIN: &str = "/sign-in/again";
/// Says that the account that is signed in is the right one.
pub const CHOOSE: &str = "/sign-in/choose";
/// Leads back to a service behind a proxy, once nothing is missing any more.
pub const ONWARD: &str = "/sign-in/onward";
/// Answers a client's question; takes a person there and back.
pub const AUTHORIZE: &str = "/oauth/authorize";
/// Signs out because a client asks for it.
pub const LOGOUT: &str = "/oauth/logout";
/// Allows a client what it asks for.
pub const CONSENT: &str = "/consent";
/// Takes the code that a device shows.
pub const DEVICE: &str = "/device";
/// Lets the device in, or turns it away.
pub const DEVICE_ANSWER: &str = "/device/answer";
/// Says what became of it.
pub const DEVICE_DONE: &str = "/device/done";
/// Signs out of this browser.
pub const SIGN_OUT: &str = "/sign-out";
/// Sets a new password, by a one-time link.
pub const RECOVER: &str = "/recover";
/// The user's profile.
pub const ACCOUNT: &str = "/account";
/// Changes the password.
pub const PASSWORD: &str = "/account/password";
/// Lists the devices.
pub const DEVICES: &str = "/account/devices";
/// Signs one device out.
pub const DEVICE_OUT: &str = "/account/devices/sign-out";
/// Signs all other devices out.
pub const OTHERS_OUT: &str = "/account/devices/sign-out-others";
/// Signs every device out.
pub const ALL_OUT: &str = "/account/devices/sign-out-everywhere";
/// Lists the apps that the user let in.
pub const APPS: &str = "/account/apps";
/// Takes back what one of them may.
pub const WITHDRAW: &str = "/account/apps/withdraw";
/// Deletes the account.
pub const DELETE: &str = "/account/delete";

/// The one-time link to the page at `path` of the server at `origin`; `secret` is the link's, as text.
#[must_use]
pub fn one_time_link(origin: &str, path: &str, secret: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{origin}{path}?link={secret}"))
}
