//! `credentials.toml`: keys by name, for `--profile`, in a file that only its owner can read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::environment;
use crate::exit::{Exit, Failure};

/// One profile: a key, and where it is good.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
    pub(crate) token: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) base_domain: Option<String>,
}

/// The profile of this name; none where there is no file, or not in it.
pub(crate) fn profile(name: &str) -> Result<Option<Profile>, Failure> {
    match path() {
        Some(path) if path.exists() => read(&path, name),
        Some(_) | None => Ok(None),
    }
}

/// Where the file is, to be named where nothing is found.
pub(crate) fn shown() -> String {
    path().map_or_else(|| "credentials.toml".to_owned(), |path| path.display().to_string())
}

/// `$XDG_CONFIG_HOME/faregate/credentials.toml`.
fn path() -> Option<PathBuf> {
    let config = environment::path("XDG_CONFIG_HOME")
        .or_else(|| Some(environment::path("HOME")?.join(".config")))?;
    Some(config.join("faregate").join("credentials.toml"))
}

fn read(path: &Path, name: &str) -> Result<Option<Profile>, Failure> {
    let shown = path.display();
    let invalid = |why: String| Failure::new(Exit::Invalid, format!("`{shown}`: {why}"));
    let mode = fs::metadata(path).map_err(|cause| invalid(cause.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        let say = format!("others than its owner can read it: chmod 600 '{shown}'");
        return Err(invalid(say));
    }
    let text = fs::read_to_string(path).map_err(|cause| invalid(cause.to_string()))?;
    // What stands in the file is never shown: not even a line of it.
    let mut table: toml::Table =
        text.parse().map_err(|cause: toml::de::Error| invalid(cause.message().to_owned()))?;
    let Some(found) = table.remove(name) else { return Ok(None) };
    let profile: Profile = found
        .try_into()
        .map_err(|cause: toml::de::Error| invalid(format!("[{name}]: {}", cause.message())))?;
    let relative = |ca: PathBuf| path.parent().unwrap_or(Path::new("")).join(ca);
    Ok(Some(Profile { ca: profile.ca.clone().map(relative), ..profile }))
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_profile_is_read_from_a_file_that_only_its_owner_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.toml");
        let good = "[work]\nsecret_id = \"AKID\"\nsecret_key = \"hush\"\nca = \"ca.pem\"\n";
        for (title, text, mode, said) in [
            ("wide open", good, 0o644, "chmod 600"),
            ("readable by the group", good, 0o640, "chmod 600"),
            ("no TOML", "[work\nsecret_key = \"hush\"", 0o600, "credentials.toml"),
            ("no key", "[work]\nsecret_id = \"AKID\"\n", 0o600, "secret_key"),
            (
                "an unknown member",
                "[work]\nsecret_key = \"hush\"\nsecrets = \"hush\"\n",
                0o600,
                "secrets",
            ),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let failure = read(&path, "work").unwrap_err();
            let message = failure.message().unwrap();
            assert!(message.contains(said), "{title}: {message}");
            assert!(!message.contains("hush"), "{title} shows a secret: {message}");
            assert_eq!(failure.exit(), Exit::Invalid, "{title}");
        }
        fs::write(&path, good).unwrap();
        let work = read(&path, "work").unwrap().unwrap();
        assert_eq!(
            (work.secret_id.as_str(), work.ca),
            ("AKID", Some(folder.path().join("ca.pem")))
        );
        assert!(read(&path, "play").unwrap().is_none());
    }
}
