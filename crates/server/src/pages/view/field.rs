//! One field of a form: label, hint, what was typed, and what is wrong with it.

use askama::Template;
use askama::filters::HtmlSafe;

use super::form::Notice;
use super::sentence::Sentence;

/// A labelled field. Its `id` is its name, so that any automated browser finds it.
#[derive(Debug, Template)]
#[template(path = "part/field.html")]
pub struct Field {
    name: &'static str,
    label: &'static str,
    kind: Kind,
    autocomplete: &'static str,
    value: String,
    hint: Option<Sentence>,
    problem: Option<Sentence>,
    optional: bool,
    focus: bool,
    under_notice: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Text,
    Email,
    Password,
}

impl Field {
    /// A field for a name or the like: never capitalised, corrected or checked for spelling.
    #[must_use]
    pub fn text(name: &'static str, label: &'static str, autocomplete: &'static str) -> Self {
        Self::new(Kind::Text, name, label, autocomplete)
    }

    /// A field for an email address.
    #[must_use]
    pub fn email(name: &'static str, label: &'static str, autocomplete: &'static str) -> Self {
        Self::new(Kind::Email, name, label, autocomplete)
    }

    /// A field for a password. It has no value: a password is never sent back.
    #[must_use]
    pub fn password(name: &'static str, label: &'static str, autocomplete: &'static str) -> Self {
        Self::new(Kind::Password, name, label, autocomplete)
    }

    fn new(
        kind: Kind,
        name: &'static str,
        label: &'static str,
        autocomplete: &'static str,
    ) -> Self {
        Self {
            name,
            label,
            kind,
            autocomplete,
            value: String::new(),
            hint: None,
            problem: None,
            optional: false,
            focus: false,
            under_notice: false,
        }
    }

    /// May be left empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Says below the label what is expected.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(Sentence::new(hint.into()));
        self
    }

    /// Keeps what was typed; a password field forgets it.
    pub fn keep(&mut self, value: &str) {
        if self.kind != Kind::Password {
            value.clone_into(&mut self.value);
        }
    }

    /// Says what is wrong. The first thing said stays.
    pub fn refuse(&mut self, problem: Sentence) {
        self.problem.get_or_insert(problem);
    }

    /// Starts here when the page opens.
    #[must_use]
    pub fn first(mut self) -> Self {
        self.focus = true;
        self
    }

    /// The name in the form, and the id in the page.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The words of its label.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        self.label
    }

    /// What was typed; empty for a password.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether something is wrong with it.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        self.problem.is_some()
    }

    const fn input_type(&self) -> &'static str {
        match self.kind {
            Kind::Text => "text",
            Kind::Email => "email",
            Kind::Password => "password",
        }
    }

    fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let problem = self.problem.as_ref().map(|_| format!("{}-problem", self.name));
        let notice = self.under_notice.then(|| Notice::ID.to_owned());
        notice.into_iter().chain(problem).chain(hint).collect::<Vec<_>>().join(" ")
    }
}

/// The template escapes what was typed.
impl HtmlSafe for Field {}

/// Starts where there is something to do: at the first problem, else at the first empty field, else at the first.
/// Who hears the page hears the notice there, if there is one.
pub(super) fn start(fields: &mut [&mut Field], under_notice: bool) {
    let refused = fields.iter().position(|field| field.is_refused());
    let empty = || fields.iter().position(|field| field.value.is_empty() && !field.optional);
    let first = refused.or_else(empty).unwrap_or(0);
    for (at, field) in fields.iter_mut().enumerate() {
        field.focus = at == first;
        field.under_notice = under_notice && at == first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept_and_escaped() {
        let mut field = Field::text("identifier", "Email or username", "username");
        field.keep("\"><script>alert(1)</script>");
        let html = field.to_string();
        assert!(
            html.contains("value=\"&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;\""),
            "{html}"
        );
        assert!(!html.contains("<script>"));
    }

    #[test]
    fn a_password_is_never_sent_back() {
        let mut field = Field::password("password", "Password", "current-password");
        field.keep("correct horse battery");
        let html = field.to_string();
        assert!(!html.contains("correct horse"));
        assert!(!html.contains("value="));
    }

    #[test]
    fn a_refused_field_is_marked_described_and_focused() {
        let mut email = Field::email("email", "Email", "email").first();
        let mut password = Field::password("password", "Password", "new-password").hint("Long.");
        assert!(email.to_string().contains("autofocus"));
        password.refuse(Sentence::new("Too short."));
        start(&mut [&mut email, &mut password], false);
        assert!(!email.to_string().contains("autofocus"));
        assert!(!email.to_string().contains("aria-invalid"));
        let html = password.to_string();
        for part in [
            "autofocus",
            "aria-invalid=\"true\"",
            "aria-describedby=\"password-problem password-hint\"",
            "id=\"password-problem\"",
            "id=\"password-hint\"",
            "Too short.",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn the_label_names_the_field() {
        let html = Field::text("username", "Username", "username").optional().to_string();
        assert!(html.contains("<label for=\"username\">"));
        assert!(html.contains("id=\"username\" name=\"username\""));
        assert!(!html.contains(" required"));
        assert!(Field::text("x", "X", "off").to_string().contains(" required"));
    }

    #[test]
    fn after_a_notice_the_page_starts_where_something_is_to_be_typed_again() {
        let mut name = Field::text("identifier", "Email or username", "username").first();
        let mut password = Field::password("password", "Password", "current-password");
        name.keep("ada");
        start(&mut [&mut name, &mut password], true);
        assert!(!name.to_string().contains("autofocus"));
        let html = password.to_string();
        assert!(html.contains("aria-describedby=\"notice\" autofocus"), "{html}");
    }
}
