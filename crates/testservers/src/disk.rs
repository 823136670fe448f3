//! A small disk that can be filled.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Attempt as _, Error, Result};
use crate::folder::Folder;
use crate::process::run;
use crate::user::User;

/// What takes the place of somebody else's files.
const FILLER: &str = "filler";

/// A file system of a fixed size, which lies in memory: it can be full without anybody else noticing. Syncing it costs
/// nothing and proves nothing.
///
/// Made for PostgreSQL's [`data`](crate::postgres::Settings::data), which needs 64 MiB to begin with.
#[derive(Debug)]
pub struct Disk(Folder);

impl Disk {
    /// # Errors
    ///
    /// Says why where this user, or this machine, may not mount.
    pub fn of_size(bytes: u64) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            let reason = "a disk that can be filled must be mounted, and only root may; this is another user";
            return Err(Error::Impossible(reason.to_owned()));
        }
        let owner = User::without_privileges()?;
        let folder = Folder::create("disk", owner)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={bytes},mode=0755"), "tmpfs"]);
        mount.arg(folder.path());
        run(mount).map_err(|error| {
            Error::Impossible(format!("a disk that can be filled cannot be mounted here: {error}"))
        })?;
        let disk = Self(folder);
        owner.own(disk.path())?;
        Ok(disk)
    }

    /// Where it is mounted. Whoever runs PostgreSQL may write there.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room that is left.
    pub fn fill(&self) -> Result<()> {
        let path = self.filler();
        let mut file = File::options().create(true).append(true).open(&path).at(&path)?;
        // The rest in small pieces.
        for size in [1 << 20, 1 << 12, 1] {
            let piece = vec![0; size];
            loop {
                match file.write(&piece) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error).at(&path),
                }
            }
        }
        Ok(())
    }

    /// Gives back what [`fill`](Self::fill) took.
    pub fn free(&self) -> Result<()> {
        let path = self.filler();
        fs::remove_file(&path).at(&path)
    }

    fn filler(&self) -> PathBuf {
        self.path().join(FILLER)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut unmount = Command::new("umount");
        // Even when somebody still has a file open there.
        unmount.arg("--lazy").arg(self.path());
        let _ = run(unmount);
    }
}
