//! A file of `deploy/`, changed in what belongs to one machine and in nothing else.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::shell::root;

/// Where the files of `deploy/` expect the server.
pub(crate) const SERVER: &str = "127.0.0.1:7117";

/// Where those of `deploy/forward-auth` expect a service.
pub(crate) const SERVICE: &str = "127.0.0.1:3000";

/// The text of a file, with each of these texts, which must stand in it, replaced by the other.
pub(crate) fn read(file: &str, replacements: &[(&str, &str)]) -> Result<String> {
    let text = fs::read_to_string(root().join("deploy").join(file)).context(file.to_owned())?;
    replaced(text, replacements).with_context(|| format!("deploy/{file}"))
}

fn replaced(text: String, replacements: &[(&str, &str)]) -> Result<String> {
    replacements.iter().try_fold(text, |text, (from, to)| {
        ensure!(text.contains(from), "there is no `{from}` in it any more");
        Ok(text.replace(from, to))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_cannot_be_replaced() {
        let text = || "listen 80;".to_owned();
        assert_eq!(replaced(text(), &[("80", "8080")]).unwrap(), "listen 8080;");
        assert!(replaced(text(), &[("81", "8080")]).is_err());
    }
}
