//! What stands in for `containers.conf` in a program that was built without Podman: such a program
//! comes here only with a pack of its own. It reads no TOML, and says so where the file has what it
//! looks for, rather than going to another engine.

use std::path::PathBuf;

use super::{Around, Destination, DiscoverError};

/// Fails when a file seems to name the default connection.
pub(super) fn active(
    around: &Around<'_>,
    files: &[PathBuf],
) -> Result<Option<(PathBuf, String)>, DiscoverError> {
    none_says(around, files, &["active_service"]).map(|()| None)
}

/// Fails when a file seems to have the connection.
pub(super) fn destination(
    around: &Around<'_>,
    files: &[PathBuf],
    name: &str,
) -> Result<Option<Destination>, DiscoverError> {
    none_says(around, files, &["service_destinations", name]).map(|()| None)
}

/// Returns no names, which would lead nowhere.
#[cfg(not(feature = "podman"))]
pub(super) fn names(_: &Around<'_>, _: &[PathBuf]) -> Vec<String> {
    Vec::new()
}

fn none_says(around: &Around<'_>, files: &[PathBuf], words: &[&str]) -> Result<(), DiscoverError> {
    for file in files.iter().rev() {
        let Some(bytes) = around.read(file)? else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let said = |word: &&str| {
            let mut lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
            lines.any(|line| line.contains(*word))
        };
        if words.iter().all(said) {
            return Err(DiscoverError::without_podman(file));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::*;
    use crate::discovery::Surroundings;

    /// The one file that there is.
    struct File(&'static str);

    impl Surroundings for File {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }

        fn exists(&self, _: &Path) -> bool {
            false
        }

        fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
            match file.ends_with("there") {
                true => Ok(self.0.into()),
                false => Err(io::ErrorKind::NotFound.into()),
            }
        }

        fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
            Ok(Vec::new())
        }
    }

    #[track_caller]
    fn check(text: &'static str, is_default: bool, is_box: bool) {
        let machine = File(text);
        let around = Around(&machine);
        let files = [PathBuf::from("missing"), PathBuf::from("there")];
        let expected = "`there` names a connection, and this program was built without Podman: \
                        podman-not-built: turn on the feature `podman` of `contajners`";
        let said = |error: DiscoverError| format!("{error}: {}: {}", error.code(), error.hint());
        let default = active(&around, &files).map_err(said);
        assert_eq!(default.err().as_deref(), is_default.then_some(expected));
        let named = destination(&around, &files, "box").map_err(said);
        assert_eq!(named.err().as_deref(), is_box.then_some(expected));
    }

    #[test]
    fn what_a_file_says_is_no_reason_to_go_elsewhere() {
        check("[engine]\nactive_service = \"box\"\n", true, false);
        check("[engine.service_destinations.box]\nuri = \"unix:///x\"\n", false, true);
        check("[engine.service_destinations.other]\n", false, false);
        check("# active_service = \"box\"\n  # [engine.service_destinations.box]\n", false, false);
        check("[engine]\nnum_locks = 1\n", false, false);
        check("\u{0}[[[", false, false);
    }
}
