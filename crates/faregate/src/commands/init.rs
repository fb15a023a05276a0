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
#[command(before_help = "Examples:\n  faregate init\n  faregate init /etc/faregate")]
pub(crate) struct Init {
    /// Where
    #[arg(default_value = ".")]
    dir: PathBuf,
}

impl Init {
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
        file.write_all(STARTER.as_bytes()).map_err(failed)?;
        let data = crate::place::data_of(&config)?;
        let key = if data.exists() {
            None
        } else {
            Stores::create(&data)?;
            Admin::open(&data)?.make_operator()?
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
