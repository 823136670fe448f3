//! RFC 8707 §2: which services the tokens shall be for, as absolute URIs.
//!
//! Several may be named in an authorization request. What a single access token is for is asked of the token endpoint.

use crate::error::{Code, Error};
use crate::form::Form;
use crate::uri::Absolute;

/// The most services that one request names.
const MOST: usize = 8;

/// Reads every `resource`, in the order in which they came and without repetition. Each must be one of `audiences`,
/// which are those that the client's tokens may name.
pub fn read(form: &Form, audiences: &[&str]) -> Result<Vec<String>, Error> {
    let refuse = |why| Err(Error::new(Code::InvalidTarget, why));
    let mut resources: Vec<String> = Vec::new();
    for text in form.several("resource") {
        let absolute = Absolute::parse(text).is_ok_and(|uri| !uri.has_fragment());
        if !absolute {
            return refuse("a resource must be an absolute URI without a fragment");
        }
        if !audiences.contains(&text) {
            return refuse("a resource is none that this client's tokens may be for");
        }
        if resources.len() == MOST {
            return refuse("more than 8 resources are named");
        }
        if !resources.iter().any(|known| known == text) {
            resources.push(text.to_owned());
        }
    }
    Ok(resources)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AUDIENCES: &[&str] = &["https://api.example", "urn:example:files", "inventory"];

    fn parse(text: &str) -> Result<Vec<String>, Code> {
        read(&Form::parse(text.as_bytes()).unwrap(), AUDIENCES).map_err(|error| error.code)
    }

    #[test]
    fn several_resources_are_read_once_each() {
        assert_eq!(parse(""), Ok(vec![]));
        assert_eq!(
            parse(
                "resource=urn:example:files&resource=https://api.example&resource=urn:example:files"
            )
            .unwrap(),
            ["urn:example:files", "https://api.example"]
        );
    }

    #[test]
    fn a_resource_is_an_absolute_uri_that_the_client_may_name() {
        assert!(parse("resource=https://api.example").is_ok());
        for bad in [
            "resource=https://api.example%23x",
            "resource=https://other.example",
            "resource=https://api.example/",
            "resource=inventory",
            "resource=/files",
            "resource=https://api.example&resource=x",
        ] {
            assert_eq!(parse(bad), Err(Code::InvalidTarget), "{bad}");
        }
    }

    #[test]
    fn there_is_an_end_to_resources() {
        let audiences: Vec<_> = (0..9).map(|n| format!("urn:x:{n}")).collect();
        let known: Vec<_> = audiences.iter().map(String::as_str).collect();
        let form = |many: usize| {
            Form::of(audiences[..many].iter().map(|uri| ("resource".to_owned(), uri.clone())))
                .unwrap()
        };
        assert_eq!(read(&form(8), &known).unwrap().len(), 8);
        assert_eq!(read(&form(9), &known).unwrap_err().code, Code::InvalidTarget);
    }

    proptest! {
        #[test]
        fn nothing_is_read_that_the_client_may_not_name(texts in proptest::collection::vec("[a-z:/.#]{0,20}|https://api.example", 0..5)) {
            let form = Form::of(texts.into_iter().map(|text| ("resource".to_owned(), text))).unwrap();
            if let Ok(resources) = read(&form, AUDIENCES) {
                prop_assert!(resources.iter().all(|one| AUDIENCES.contains(&one.as_str())));
            }
        }
    }
}
