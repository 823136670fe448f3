//! The one thing that is kept: a refresh token, in a file that only its owner can read.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// Where the refresh token is.
pub(crate) struct Kept {
    file: PathBuf,
}

impl Kept {
    pub(crate) fn at(file: PathBuf) -> Self {
        Self { file }
    }

    pub(crate) fn read(&self) -> Result<String> {
        fs::read_to_string(&self.file).context("nobody is signed in here: coats sign-in")
    }

    /// Puts a token in the place of the one before. Written beside it first, so that a crash leaves one of the two.
    pub(crate) fn write(&self, refresh_token: &str) -> Result<()> {
        let beside = self.file.with_extension("new");
        let mut options = File::options();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(refresh_token.as_bytes())?;
        file.sync_all()?;
        Ok(fs::rename(beside, &self.file)?)
    }

    pub(crate) fn remove(&self) -> Result<()> {
        Ok(fs::remove_file(&self.file)?)
    }
}
