//! The data folder: the database, and beside it the master key that is not in its backups.

use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use parlour_service::secret::Chance;
use parlour_service::secret::seal::MasterKey;

/// The database file in a data folder.
pub fn database(data: &Path) -> PathBuf {
    data.join("parlour.db")
}

/// Makes the folder when it is missing, for its owner alone.
///
/// # Errors
/// It cannot be made.
pub fn prepare(data: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data)
}

/// The master key in the file `path`, made at the first start. `is_used` says whether there is a database that was made
/// with one.
///
/// # Errors
/// The file cannot be read or made, is not 32 bytes long, or is missing beside a database: a fresh key would open
/// nothing of it.
pub fn master_key(path: &Path, is_used: bool, chance: &dyn Chance) -> io::Result<MasterKey> {
    match std::fs::File::open(path) {
        Ok(file) => read_key(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if is_used {
                return Err(io::Error::other(
                    "there is a database but no master key: restore the key it was made with, or copy it from another node",
                ));
            }
            make_key(path, chance)?;
            // Read back: when two processes start at once, one of them has made it.
            read_key(std::fs::File::open(path)?)
        }
        Err(error) => Err(error),
    }
}

fn read_key(file: std::fs::File) -> io::Result<MasterKey> {
    let mut bytes = Vec::new();
    file.take(33).read_to_end(&mut bytes)?;
    let key = <[u8; 32]>::try_from(bytes);
    key.map(MasterKey::new).map_err(|_| io::Error::other("the master key is not 32 bytes long: restore the right one"))
}

/// Writes a fresh key under its name only when it is whole, and never over another one.
fn make_key(path: &Path, chance: &dyn Chance) -> io::Result<()> {
    let mut key = [0; 32];
    chance.fill(&mut key).map_err(|_| io::Error::other("the system's random source failed"))?;
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&key)?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&unfinished, path);
    std::fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
