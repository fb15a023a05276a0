//! On which data folder an administrative command works.

use std::path::{Path, PathBuf};

use clap::Args;
use faregate_catalog::Catalog;
use faregate_gateway::config::{Config, Loaded};
use faregate_pipeline::facts::Account;
use faregate_stores::{Actor, Admin, SharedAt};

use crate::environment;
use crate::exit::{Exit, Failure};
use crate::output::Shape;
use crate::running::Running;

/// The configuration of a command that is about one.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "FAREGATE_CONFIG",
        default_value = "faregate.toml"
    )]
    pub(crate) config: PathBuf,
}

/// Where the data is, and how the answer is written.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The data folder
    #[arg(long, value_name = "DIR", env = "FAREGATE_DATA")]
    data: Option<PathBuf>,
    /// The configuration that names the data folder [default: ./faregate.toml, else the running demo]
    #[arg(short, long, value_name = "FILE", env = "FAREGATE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

impl Place {
    /// Opens it; a gateway may be running on it.
    pub(crate) fn open(&self) -> Result<Admin, Failure> {
        let (data, stores) = self.home()?;
        let mut admin = Admin::open_at(&data, stores.as_ref())?;
        // For the audit log: whoever has the data folder could have written any name, so this one is only a help.
        let user = environment::text("USER").or_else(|| environment::text("LOGNAME"));
        admin.act_as(Actor::local(user.as_deref()));
        Ok(admin)
    }

    /// The data folder, and the shared home beside it if a configuration names one.
    fn home(&self) -> Result<(PathBuf, Option<SharedAt>), Failure> {
        match self.named() {
            // A folder that is named by itself is an embedded home, unless a configuration is named too.
            Some(config) if self.data.is_none() || self.config.is_some() => {
                let stores = stores_of(&config)?;
                let data = self.data.clone().map_or_else(|| data_of(&config), Ok)?;
                Ok((data, stores))
            }
            Some(_) | None => Ok((self.folder()?, None)),
        }
    }

    fn named(&self) -> Option<PathBuf> {
        let usual = || Some(PathBuf::from("faregate.toml")).filter(|path| path.exists());
        self.config.clone().or_else(usual)
    }

    /// The configuration, if one was named.
    pub(crate) fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// What the modules offer, where a configuration that can be read says so.
    pub(crate) fn catalog(&self) -> Option<Catalog> {
        self.loaded().map(|loaded| loaded.catalog)
    }

    /// The configuration itself, where it can be read.
    pub(crate) fn served(&self) -> Option<Config> {
        self.loaded().map(|loaded| loaded.config)
    }

    fn loaded(&self) -> Option<Loaded> {
        // The demo writes its own beside its data.
        let beside = || Some(self.folder().ok()?.join("faregate.toml"));
        let named = if self.data.is_some() { self.config.clone() } else { self.named() };
        faregate_gateway::config::load(&named.or_else(beside)?).ok()
    }

    /// Where the pages of the gateway on this folder are, if that is known.
    pub(crate) fn pages(&self) -> Option<String> {
        let folder = self.folder().ok()?;
        let folder = folder.canonicalize().unwrap_or(folder);
        if let Some(running) = Running::find().filter(|running| running.data == folder) {
            return running.pages;
        }
        let config = faregate_gateway::config::load(&self.named()?).ok()?.config;
        let listens = config.listen.pages.map(|address| format!("http://{address}"));
        Some(config.pages_url).filter(|url| !url.is_empty()).or(listens)
    }

    /// The data folder itself.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(data) = &self.data {
            return Ok(data.clone());
        }
        if let Some(config) = self.named() {
            return data_of(&config);
        }
        match Running::find() {
            Some(running) => Ok(running.data),
            None => Err(Failure::usage(
                "which data folder? name it with --data DIR or -c FILE, or start `faregate demo`",
            )),
        }
    }
}

/// The data folder that a configuration names, relative to where the configuration is.
pub(crate) fn data_of(config: &Path) -> Result<PathBuf, Failure> {
    let invalid =
        |why: String| Failure::new(Exit::Invalid, format!("`{}`: {why}", config.display()));
    let text = std::fs::read_to_string(config).map_err(|cause| invalid(cause.to_string()))?;
    let table: toml::Table =
        text.parse().map_err(|cause: toml::de::Error| invalid(cause.message().to_owned()))?;
    // The rest of the file may be wrong: an account can be suspended all the same.
    let data = match table.get("data") {
        None => "data",
        Some(data) => data.as_str().ok_or_else(|| invalid("`data` is no text".to_owned()))?,
    };
    Ok(config.parent().unwrap_or(Path::new("")).join(data))
}

/// The shared home that a configuration names, whatever else is wrong with it.
pub(crate) fn stores_of(config: &Path) -> Result<Option<SharedAt>, Failure> {
    let invalid =
        |why: String| Failure::new(Exit::Invalid, format!("`{}`: {why}", config.display()));
    let text = std::fs::read_to_string(config).map_err(|cause| invalid(cause.to_string()))?;
    let folder = config.parent().unwrap_or(Path::new(""));
    faregate_gateway::config::stores_of(&text, folder).map_err(invalid)
}

/// The account of this id, or the only one of this name.
pub(crate) fn account_of(admin: &Admin, wanted: &str) -> Result<String, Failure> {
    let accounts = admin.list_accounts()?;
    let mut ids =
        accounts.iter().map(|(account, _)| account).filter(|account| account.id == wanted);
    if let Some(account) = ids.next() {
        return Ok(account.id.clone());
    }
    let named: Vec<&Account> = accounts
        .iter()
        .map(|(account, _)| account)
        .filter(|account| account.name == wanted)
        .collect();
    match named.as_slice() {
        [account] => Ok(account.id.clone()),
        [] => Err(Failure::usage(format!(
            "there is no account `{wanted}`: `faregate account list` shows them"
        ))),
        [_, _, ..] => Err(Failure::usage(format!(
            "{} accounts are named `{wanted}`: use the id of one",
            named.len()
        ))),
    }
}
