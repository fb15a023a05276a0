//! `faregate init`: a starting configuration, and a data folder.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;
use faregate_gateway::config::STARTER;
use faregate_stores::{Admin, OPERATOR, Stores};

use crate::exit::{Exit, Failure};
use crate::output;

/// Write a commented configuration and make the data folder
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  faregate init\n  faregate init /etc/faregate\n  \
                   faregate init --postgres postgres://faregate@db/faregate --redis redis://cache/0")]
pub(crate) struct Init {
    /// Where
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Keep accounts and money in this PostgreSQL, for many gateways; the password: FAREGATE_POSTGRES_PASSWORD
    #[arg(long, value_name = "URL", requires = "redis")]
    postgres: Option<String>,
    /// Keep nonces and quotas in this Redis; the password: FAREGATE_REDIS_PASSWORD
    #[arg(long, value_name = "URL", requires = "postgres")]
    redis: Option<String>,
}

impl Init {
    /// The starting configuration; with both addresses, one of a shared home.
    fn text(&self) -> String {
        let (Some(postgres), Some(redis)) = (&self.postgres, &self.redis) else {
            return STARTER.to_owned();
        };
        let stores = format!("[stores]\npostgres = {postgres:?}\nredis = {redis:?}\n\n[listen]\n");
        STARTER.replacen("[listen]\n", &stores, 1)
    }

    pub(crate) fn run(self) -> Result<(), Failure> {
        let config = self.dir.join("faregate.toml");
        let failed = |cause: std::io::Error| {
            Failure::new(Exit::Unexpected, format!("cannot write `{}`: {cause}", config.display()))
        };
        std::fs::create_dir_all(&self.dir).map_err(failed)?;
        // `create_new`: of two that race, one refuses.
        let mut file = match std::fs::File::create_new(&config) {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {
                return Err(Failure::new(
                    Exit::Invalid,
                    format!(
                        "`{}` is there already: remove it, or choose another folder",
                        config.display()
                    ),
                ));
            }
            Err(cause) => return Err(failed(cause)),
        };
        let text = self.text();
        file.write_all(text.as_bytes()).map_err(failed)?;
        let data = crate::place::data_of(&config)?;
        let shared = crate::place::stores_of(&config)?;
        let key = match &shared {
            // A second gateway's: the operator was made by the first.
            Some(at) => {
                faregate_stores::migrate_shared(&data, at)?;
                Admin::open_at(&data, Some(at))?.make_operator()?
            }
            None if data.exists() => None,
            None => {
                Stores::create(&data)?;
                Admin::open(&data)?.make_operator()?
            }
        };
        output::data(config.display());
        if let Some(key) = key {
            output::data(format_args!("SecretId   {}", key.secret_id));
            output::data(format_args!("SecretKey  {}", *key.secret_key));
            output::note(format_args!(
                "This is the key of the operator (account {OPERATOR}), who administers all others at\n\
                 account.<base_domain>. Keep the SecretKey: it is not shown again."
            ));
        }
        output::note(format_args!(
            "next: faregate module add http://127.0.0.1:8000/openapi.json --name notes -c {0}\n\
             with the OpenAPI 3.1 document of your service; then faregate serve -c {0}",
            config.display()
        ));
        Ok(())
    }
}
