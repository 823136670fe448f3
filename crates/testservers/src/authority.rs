//! A private authority for TLS and the certificates that it signs, made by the `openssl` command.
//!
//! By a command and not by a library of cryptography, because `xtask` imports this crate, and is the first thing that
//! a fresh machine compiles.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Attempt as _, Result};
use crate::folder::Folder;
use crate::process::run;
use crate::program;
use crate::user::User;

/// What servers are called by those who verify them: a name and an address.
pub(crate) const NAMES: &str = "DNS:localhost,IP:127.0.0.1";

/// Without what the machine's own configuration would add.
const CONFIGURATION: &str = "\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

#[derive(Debug)]
/// A private authority, in a folder that goes away with it.
pub struct Authority {
    folder: Folder,
}

/// A certificate and its key, as PEM files.
#[derive(Debug)]
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// Makes one that nobody knows yet.
    pub fn create() -> Result<Self> {
        let folder = Folder::create("authority", User::Ourselves)?;
        let configuration = folder.join("openssl.cnf");
        fs::write(&configuration, CONFIGURATION).at(&configuration)?;
        let authority = Self { folder };
        authority.request(
            &["-subj", "/CN=Authority of tests", "-extensions", "authority"],
            &authority.own(),
        )?;
        Ok(authority)
    }

    /// The certificate that vouches for the others.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.own().certificate
    }

    /// Writes `server.crt` and `server.key` for these names (`DNS:…,IP:…`) into a folder.
    pub fn certify(&self, names: &str, into: &Path) -> Result<Certificate> {
        self.issue(names, into, "server", User::Ourselves)
    }

    /// Writes a certificate for these names (`DNS:…,IP:…`) into a folder, for its owner alone; an earlier one of this
    /// file name is replaced.
    pub(crate) fn issue(
        &self,
        names: &str,
        into: &Path,
        file: &str,
        owner: User,
    ) -> Result<Certificate> {
        let made = Certificate {
            certificate: into.join(format!("{file}.crt")),
            key: into.join(format!("{file}.key")),
        };
        let own = self.own();
        let (certificate, key) =
            (own.certificate.display().to_string(), own.key.display().to_string());
        let alternative = format!("subjectAltName={names}");
        let signed_by = ["-CA", &certificate, "-CAkey", &key, "-extensions", "server"];
        let subject = ["-subj", "/CN=Server of tests", "-addext", &alternative];
        self.request(&[&signed_by[..], &subject[..]].concat(), &made)?;
        fs::set_permissions(&made.key, Permissions::from_mode(0o600)).at(&made.key)?;
        owner.own(&made.key)?;
        owner.own(&made.certificate)?;
        Ok(made)
    }

    fn own(&self) -> Certificate {
        Certificate { certificate: self.folder.join("ca.crt"), key: self.folder.join("ca.key") }
    }

    fn request(&self, arguments: &[&str], made: &Certificate) -> Result<()> {
        let mut openssl = program::run(&program::need(&["openssl"], "openssl")?);
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-noenc", "-days", "30", "-config"]).arg(self.folder.join("openssl.cnf"));
        openssl.args(arguments).arg("-out").arg(&made.certificate).arg("-keyout").arg(&made.key);
        run(openssl).map(|_| ())
    }
}
