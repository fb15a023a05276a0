//! `[stores]`: where accounts, money and nonces are, and what opens it.
//!
//! A password never stands in the configuration, so that an address may be shown: it comes from the environment, or from
//! a file that the operator protects.

use std::path::Path;

use faregate_stores::SharedAt;
use serde::Deserialize;
use toml::Spanned;

use super::environment;

/// The variable that holds PostgreSQL's password.
pub const POSTGRES_PASSWORD: &str = "FAREGATE_POSTGRES_PASSWORD";
/// The variable that holds Redis's password.
pub const REDIS_PASSWORD: &str = "FAREGATE_REDIS_PASSWORD";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStores {
    pub(super) postgres: Option<Spanned<String>>,
    pub(super) postgres_password_file: Option<Spanned<String>>,
    pub(super) redis: Option<Spanned<String>>,
    pub(super) redis_password_file: Option<Spanned<String>>,
    pub(super) ca_file: Option<Spanned<String>>,
}

/// What is wrong: with which key, what, and what to do.
pub(super) struct Wrong {
    pub(super) at: Option<std::ops::Range<usize>>,
    pub(super) says: String,
    pub(super) help: String,
}

impl RawStores {
    /// The shared home; none if the table names none.
    pub(super) fn resolve(&self, folder: &Path) -> Result<Option<SharedAt>, Wrong> {
        let (postgres, redis) = match (&self.postgres, &self.redis) {
            (None, None) => return Ok(None),
            (Some(postgres), Some(redis)) => (postgres, redis),
            (Some(_), None) | (None, Some(_)) => {
                return Err(Wrong {
                    at: None,
                    says: "a shared home is two: `stores.postgres` and `stores.redis`".to_owned(),
                    help: "leave `[stores]` out for the embedded home".to_owned(),
                });
            }
        };
        let schemes = ["postgres://", "postgresql://"];
        address("postgres", postgres, &schemes, POSTGRES_PASSWORD)?;
        address(
            "redis",
            redis,
            &["redis://", "rediss://", "unix://", "redis+unix://"],
            REDIS_PASSWORD,
        )?;
        Ok(Some(SharedAt {
            postgres: postgres.as_ref().clone(),
            postgres_password: password(
                self.postgres_password_file.as_ref(),
                POSTGRES_PASSWORD,
                folder,
            )?,
            redis: redis.as_ref().clone(),
            redis_password: password(self.redis_password_file.as_ref(), REDIS_PASSWORD, folder)?,
            ca_file: self.ca_file.as_ref().map(|file| folder.join(file.as_ref())),
        }))
    }
}

fn address(
    key: &str,
    url: &Spanned<String>,
    schemes: &[&str],
    variable: &str,
) -> Result<(), Wrong> {
    let wrong = |says: String, help: String| Wrong { at: Some(url.span()), says, help };
    let text = url.as_ref();
    let Some(rest) = schemes.iter().find_map(|scheme| text.strip_prefix(scheme)) else {
        let example = match key {
            "postgres" => "postgres://faregate@db.internal/faregate",
            _ => "redis://cache.internal:6379/0",
        };
        return Err(wrong(
            format!("`stores.{key}` is no address of this kind"),
            format!("write it as \"{example}\""),
        ));
    };
    let authority = rest.split('/').next().unwrap_or("");
    let has_password = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    if has_password || text.contains("password=") {
        return Err(wrong(
            format!("`stores.{key}` holds a password"),
            format!(
                "leave it out: set {variable}, or name a file with `stores.{key}_password_file`"
            ),
        ));
    }
    Ok(())
}

fn password(
    file: Option<&Spanned<String>>,
    variable: &str,
    folder: &Path,
) -> Result<Option<String>, Wrong> {
    let Some(file) = file else {
        return Ok(environment::text(variable));
    };
    let path = folder.join(file.as_ref());
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(cause) => Err(Wrong {
            at: Some(file.span()),
            says: format!("`{}`: {cause}", path.display()),
            help: "the path is relative to this file; its first line is the password".to_owned(),
        }),
    }
}

/// The shared home that a configuration names, whatever else is wrong with it: an account can be suspended all the same.
///
/// # Errors
/// `[stores]` itself cannot be read.
pub fn stores_of(text: &str, folder: &Path) -> Result<Option<SharedAt>, String> {
    #[derive(Deserialize)]
    struct Only {
        stores: Option<RawStores>,
    }
    let read: Only = toml::from_str(text).map_err(|cause| cause.message().to_owned())?;
    let stores = read.stores.map(|stores| stores.resolve(folder)).transpose();
    stores.map(Option::flatten).map_err(|wrong| format!("{}: {}", wrong.says, wrong.help))
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_shared_home_is_two_addresses_without_passwords() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
        let (pg, redis) = ("postgres = \"postgres://f@db/f\"", "redis = \"redis://cache/0\"");
        let rows = [
            (String::new(), "a shared home is none"),
            (pg.to_owned(), "is two"),
            (redis.to_owned(), "is two"),
            (format!("postgres = \"mysql://db\"\n{redis}"), "`stores.postgres` is no address"),
            (format!("{pg}\nredis = \"cache:6379\""), "`stores.redis` is no address"),
            (
                format!("postgres = \"postgres://f:s3cret@db/f\"\n{redis}"),
                "FAREGATE_POSTGRES_PASSWORD",
            ),
            (format!("{pg}\nredis = \"redis://:s3cret@cache\""), "FAREGATE_REDIS_PASSWORD"),
            (
                format!("postgres = \"postgres://db/f?password=s3cret\"\n{redis}"),
                "holds a password",
            ),
            (format!("{pg}\n{redis}\nredis_password_file = \"gone\""), "gone"),
            (format!("{pg}\n{redis}\nredis_pasword_file = \"x\""), "unknown field"),
            (format!("{pg}\n{redis}\nredis_password_file = \"secret\""), "good"),
        ];
        for (table, says) in rows {
            let read = stores_of(&format!("[stores]\n{table}\n"), folder.path());
            let told = match &read {
                Ok(None) => "a shared home is none".to_owned(),
                Ok(Some(at)) => {
                    assert_eq!(at.redis_password.as_deref(), Some("s3cret"));
                    "good".to_owned()
                }
                Err(why) => why.clone(),
            };
            assert!(told.contains(says), "{table}: {told}");
            assert!(!told.contains("s3cret") && !format!("{read:?}").contains("s3cret"), "{told}");
        }
    }
}
