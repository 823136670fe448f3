//! The master key: from the settings, or from a file in the data folder that the first start makes.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cloakroom_engine::{
    keys::{MasterKey, MasterKeys},
    random::Random,
};
use zeroize::Zeroizing;

use crate::{exit::Failure, settings::Settings};

/// The name of the file that holds the master key where no variable does.
const FILE: &str = "master.key";

/// Where the key is looked for when no variable says it.
pub(crate) fn path(settings: &Settings) -> PathBuf {
    settings.data_dir.join(FILE)
}

/// The master keys, if there are any yet.
pub(crate) fn find(settings: &Settings) -> Result<Option<MasterKeys>, Failure> {
    let current = match &settings.master_key {
        Some(key) => Some(key.clone()),
        None => read(&path(settings))?,
    };
    let previous = settings.master_key_previous.clone();
    Ok(current.map(|current| MasterKeys { current, previous }))
}

/// The master keys of a command, which makes none.
pub(crate) fn needed(settings: &Settings) -> Result<MasterKeys, Failure> {
    find(settings)?.ok_or_else(|| missing(settings))
}

/// Makes the first key and keeps it in the file, unless somebody else did at the same time: nodes may share the folder. What
/// the file holds is the key, and it is on the disk when this returns: what is sealed with it must never be there without it.
pub(crate) fn make(settings: &Settings, random: &dyn Random) -> Result<MasterKeys, Failure> {
    let path = path(settings);
    write(&path, &MasterKey::generate(random)).map_err(|error| {
        Failure::Unavailable(format!("cannot write the master key to {}: {error}", path.display()))
    })?;
    needed(settings)
}

/// There is no key, and there is something that was sealed with one.
fn missing(settings: &Settings) -> Failure {
    Failure::Refused(format!(
        "there is no master key: set CLOAKROOM_MASTER_KEY to the one that the database was made with, or put it into \
         {}",
        path(settings).display()
    ))
}

fn read(path: &Path) -> Result<Option<MasterKey>, Failure> {
    let shown = path.display();
    let unreadable = |error: io::Error| {
        Failure::Refused(format!(
            "cannot read the master key in {shown}: {error}; run this as the user that the server runs as"
        ))
    };
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if mode & 0o077 != 0 {
        return Err(Failure::Refused(format!(
            "the master key in {shown} can be read by other users of this machine (mode {mode:o}): `chmod 600 \
             {shown}`; if strangers could have read it, change the key as well"
        )));
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
    match MasterKey::parse(&text) {
        Ok(key) => Ok(Some(key)),
        Err(not) => Err(Failure::Refused(format!("the file {shown} holds no master key: {not}"))),
    }
}

/// Writes the key into a file that is there whole or not at all. One that is there already stays as it is.
fn write(path: &Path, key: &MasterKey) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut unfinished = tempfile::Builder::new().prefix(FILE).tempfile_in(folder)?;
    unfinished.write_all(key.to_text().as_bytes())?;
    unfinished.write_all(b"\n")?;
    unfinished.as_file().sync_all()?;
    match unfinished.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use cloakroom_engine::random::SystemRandomness;

    use super::*;
    use crate::settings::{Given, load};

    #[test]
    fn the_first_key_is_found_again_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let settings = kept_in(folder.path());
        assert!(find(&settings).unwrap().is_none());
        let made = make(&settings, &SystemRandomness::default()).unwrap();
        assert_eq!(find(&settings).unwrap().unwrap().current, made.current);
        assert_eq!(fs::metadata(path(&settings)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn those_who_make_the_first_key_at_once_all_get_the_one_that_is_kept() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let settings = kept_in(folder.path());
            let made: Vec<_> = thread::scope(|scope| {
                let make = || make(&settings, &SystemRandomness::default()).unwrap().current;
                let making: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
                making.into_iter().map(|one| one.join().unwrap()).collect()
            });
            let kept = find(&settings).unwrap().unwrap().current;
            assert!(made.iter().all(|key| *key == kept));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let settings = kept_in(folder.path());
        make(&settings, &SystemRandomness::default()).unwrap();
        fs::set_permissions(path(&settings), fs::Permissions::from_mode(0o640)).unwrap();
        let refused = find(&settings).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let settings = kept_in(folder.path());
        make(&settings, &SystemRandomness::default()).unwrap();
        fs::write(path(&settings), "hunter2\n").unwrap();
        let refused = find(&settings).unwrap_err().to_string();
        assert!(refused.contains("master.key") && !refused.contains("hunter2"), "{refused}");
    }

    fn kept_in(folder: &Path) -> Settings {
        let flags = vec![("data_dir", folder.to_str().unwrap().to_owned())];
        load(&Given { flags, ..Given::default() }).unwrap().settings
    }
}
