//! Any bytes as a form: what is read is what another reader finds, and nothing that two readers could dispute.

#![no_main]

use std::collections::HashMap;

use cloakroom_oauth::form::Form;
use libfuzzer_sys::fuzz_target;
use url::form_urlencoded;

fuzz_target!(|bytes: &[u8]| {
    let Ok(form) = Form::parse(bytes) else { return };
    let mut theirs = HashMap::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if name == "resource" {
            continue;
        }
        assert!(theirs.insert(name, value).is_none(), "a parameter was accepted twice");
    }
    let resources = form_urlencoded::parse(bytes).filter(|(name, _)| name == "resource");
    let resources = resources.map(|(_, value)| value).filter(|value| !value.is_empty());
    assert!(resources.eq(form.several("resource")), "a resource was lost");
    for (name, value) in &theirs {
        let ours = form.value(name);
        assert_eq!(ours.unwrap_or_default(), value, "{name:?}");
    }
});
