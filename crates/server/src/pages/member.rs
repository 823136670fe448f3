//! Somebody who is signed in, at a page of their account.

use cloakroom_engine::identity::Identity;
use cloakroom_model::user::User;
use cloakroom_oauth::form::Form;

use super::Pages;
use super::form_token::{FormToken, Holder, Purpose};
use super::view::site::{Room, Section};
use super::visit::csrf;

/// A session and its user.
pub(super) struct Member {
    pub(super) identity: Identity,
    pub(super) user: User,
}

impl Member {
    /// `None` for a guest.
    pub(super) fn of(identity: Identity) -> Option<Self> {
        let user = identity.session.user.as_deref()?.clone();
        Some(Self { identity, user })
    }

    /// The email, by which people know which account it is.
    pub(super) fn email(&self) -> &str {
        self.user.email.as_str()
    }

    /// The token of a form on a page of the account.
    pub(super) fn token(&self, pages: &Pages, purpose: Purpose) -> FormToken {
        pages.key.token(self.holder(), purpose)
    }

    /// Whether a form was shown to this session.
    pub(super) fn may_send(&self, pages: &Pages, purpose: Purpose, form: &Form) -> bool {
        pages.key.accepts(self.holder(), purpose, csrf(form))
    }

    /// Whether a text is the token that a page of ours gave this session for `purpose`.
    pub(super) fn is_token(&self, pages: &Pages, purpose: Purpose, text: &str) -> bool {
        pages.key.accepts(self.holder(), purpose, text)
    }

    /// The frame of the account's pages.
    pub(super) fn room<'a>(&'a self, pages: &'a Pages, here: Section) -> Room<'a> {
        let sign_out = self.token(pages, Purpose::SignOut);
        Room { site: &pages.site, here, who: self.email(), sign_out }
    }

    fn holder(&self) -> Holder {
        Holder::Session(self.identity.sid())
    }
}
