//! What all pages of an installation share, and the frame of the signed-in ones.

use crate::pages::form_token::FormToken;

/// The installation, as its pages speak of it.
#[derive(Clone, Debug)]
pub struct Site {
    /// The name at the top of every page and in its title.
    pub name: String,
    /// The host of the public URL, with its port where it has one: shown so that people learn where they type
    /// their password.
    pub host: String,
    /// Whether strangers may create accounts.
    pub sign_up_open: bool,
    /// The fewest characters of a new password.
    pub shortest_password: usize,
}

/// The frame of the account's pages.
#[derive(Debug)]
pub struct Room<'a> {
    /// The installation.
    pub site: &'a Site,
    /// Which of them it is.
    pub here: Section,
    /// Whose account it is: the email.
    pub who: &'a str,
    /// For the sign-out button at the top.
    pub sign_out: FormToken,
}

/// The account's pages, as the navigation names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    /// Who I am here.
    Profile,
    /// My password.
    Password,
    /// Where I am signed in.
    Devices,
    /// What I let in.
    Apps,
    /// Leaving for good; reached from the profile.
    Delete,
}

impl Section {
    /// Those in the navigation: where, and what it says.
    pub const ALL: [(Self, &str, &str); 4] = [
        (Self::Profile, "/account", "Profile"),
        (Self::Password, "/account/password", "Password"),
        (Self::Devices, "/account/devices", "Devices"),
        (Self::Apps, "/account/apps", "Apps"),
    ];
}
