//! `credentials.toml`: keys by name, for `--profile`, in a file that only its owner can read.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use faregate_gateway::config::{Config, Tls};
use serde::Deserialize;

use crate::environment;
use crate::exit::{Exit, Failure};
use crate::place::Place;
use crate::running::write_private;

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
        Some(path) => read_if_there(&path, name),
        None => Ok(None),
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

/// Puts a key where `-p` finds it, with where it is good.
pub(crate) struct Saver {
    path: PathBuf,
    profile: String,
    text: String,
    /// What the profile says beside its key.
    place: toml::Table,
}

impl Saver {
    /// For the gateway of this configuration.
    pub(crate) fn of(profile: &str, place: &Place) -> Result<Self, Failure> {
        let path = path().ok_or_else(|| {
            Failure::usage("where to keep it? neither XDG_CONFIG_HOME nor HOME is set")
        })?;
        if read_if_there(&path, profile)?.is_some() {
            let say = format!(
                "`{}` has a profile [{profile}] already: name another, --save OTHER",
                path.display()
            );
            return Err(Failure::usage(say));
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let place = place.served().map_or_else(toml::Table::new, |config| served(&config));
        Ok(Self { path, profile: profile.to_owned(), text, place })
    }

    /// Writes it; the file is its owner's alone.
    pub(crate) fn save(self, secret_id: &str, secret_key: &str) -> Result<PathBuf, Failure> {
        let mut profile = toml::Table::new();
        profile.insert("secret_id".to_owned(), secret_id.into());
        profile.insert("secret_key".to_owned(), secret_key.into());
        profile.extend(self.place);
        let mut whole = toml::Table::new();
        whole.insert(self.profile, toml::Value::Table(profile));
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let text = format!("{}{gap}{whole}", self.text);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        write_private(&self.path, text.as_bytes())?;
        Ok(self.path)
    }
}

/// Where the gateway of a configuration is called on this machine.
fn served(config: &Config) -> toml::Table {
    let mut place = toml::Table::new();
    if let Some(mut address) = config.listen.https {
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        place.insert("endpoint".to_owned(), format!("https://{address}").into());
    }
    if config.tls == Tls::LocalCa {
        let ca = std::path::absolute(config.data.join("tls/ca.pem"));
        place.extend(ca.ok().map(|ca| ("ca".to_owned(), ca.display().to_string().into())));
    }
    place.insert("base_domain".to_owned(), config.base_domain.clone().into());
    place
}

fn read_if_there(path: &Path, name: &str) -> Result<Option<Profile>, Failure> {
    if path.exists() { read(path, name) } else { Ok(None) }
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
