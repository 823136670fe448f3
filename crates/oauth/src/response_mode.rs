//! OAuth 2.0 Multiple Response Type Encoding Practices §2.1, Form Post Response Mode 1.0, JARM §2.3: how an answer
//! travels to the client by way of the browser.

use serde::{Deserialize, Serialize};

/// How an answer travels, and whether it is signed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum ResponseMode {
    /// Behind a question mark.
    #[default]
    #[serde(rename = "query")]
    Query,
    /// Behind a `#`, where only a script in the browser reads it.
    #[serde(rename = "fragment")]
    Fragment,
    /// In a form that the browser posts.
    #[serde(rename = "form_post")]
    FormPost,
    /// Signed, behind a question mark.
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// Signed, behind a `#`.
    #[serde(rename = "fragment.jwt")]
    FragmentJwt,
    /// Signed, in a form.
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
}

/// Where the parameters of an answer stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// Behind a question mark.
    Query,
    /// Behind a `#`.
    Fragment,
    /// In a form that is posted.
    Form,
}

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 6] = [
        Self::Query,
        Self::Fragment,
        Self::FormPost,
        Self::QueryJwt,
        Self::FragmentJwt,
        Self::FormPostJwt,
    ];

    /// Reads `response_mode`. `jwt` is the signed form of the default, which for a code is the query (JARM §2.3.4).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "jwt" {
            return Some(Self::QueryJwt);
        }
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    /// As it stands in a request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
        }
    }

    /// Where the parameters stand.
    #[must_use]
    pub const fn place(self) -> Place {
        match self {
            Self::Query | Self::QueryJwt => Place::Query,
            Self::Fragment | Self::FragmentJwt => Place::Fragment,
            Self::FormPost | Self::FormPostJwt => Place::Form,
        }
    }

    /// Whether they stand inside one signed token.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_is_read_as_it_is_written() {
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::parse(mode.as_str()), Some(mode));
            assert_eq!(mode.is_signed(), mode.as_str().contains(".jwt"));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
        }
        assert_eq!(ResponseMode::parse("jwt"), Some(ResponseMode::QueryJwt));
        for bad in ["", "Query", "web_message", "form_post.JWT", "jwt.query"] {
            assert_eq!(ResponseMode::parse(bad), None, "{bad}");
        }
    }
}
