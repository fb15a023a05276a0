//! With which key a call is signed, and where it goes: flags, then the environment, then `credentials.toml` for a profile
//! that was named, then the running demo, then the profile `default`.

use std::path::PathBuf;

use clap::Args;
use faregate_client::{Client, Credentials, Endpoint};
use faregate_signing::SecretKey;
use faregate_signing::capture::Captured;

use super::credentials;
use crate::environment;
use crate::exit::Failure;
use crate::output;
use crate::running::{Profile, Running};

/// The domain of the cloud whose contract this is.
const BASE_DOMAIN: &str = "api.qcloud.com";

/// Who signs, and for whom. Secrets are never flags: they would stand in the shell's history.
#[derive(Debug, Args)]
pub(crate) struct Signer {
    /// Where the API listens [default: the running demo, else each module's own domain]
    #[arg(long, value_name = "URL", env = "FAREGATE_ENDPOINT")]
    endpoint: Option<String>,
    /// A PEM file of the certificates to trust [default: the running demo's, else the system's]
    #[arg(long, value_name = "FILE", env = "FAREGATE_CA")]
    ca: Option<PathBuf>,
    /// The domain below which each module has its own
    #[arg(long, value_name = "DOMAIN", env = "FAREGATE_BASE_DOMAIN")]
    base_domain: Option<String>,
    /// A profile of credentials.toml, or an account of the running demo: demo, poor, unverified, suspended, limited, other
    #[arg(short, long, value_name = "NAME", env = "FAREGATE_PROFILE")]
    profile: Option<String>,
}

/// Keys that a request may have been signed with.
#[derive(Debug)]
pub(crate) struct Keys {
    known: Vec<(String, String)>,
    /// The environment's secret, for a SecretId that nobody here knows.
    any: Option<String>,
}

impl Keys {
    /// Gives the request the secret of its own SecretId, if it is known, and answers with the others.
    pub(crate) fn choose(&self, request: &mut Captured) -> Vec<SecretKey> {
        let sent = request.sent_secret_id();
        let own = self.known.iter().find(|(id, _)| sent.as_ref() == Some(id));
        let own = own.map(|(_, secret)| secret.clone()).or_else(|| self.any.clone());
        if request.secret_key.is_empty() {
            request.secret_key = own.unwrap_or_default();
        }
        let others = self.known.iter().filter(|(id, _)| sent.as_ref() != Some(id));
        others.map(|(_, secret)| SecretKey::new(secret.as_str())).collect()
    }
}

/// Who signs, found out.
enum Who {
    Profile(credentials::Profile),
    Key(Credentials),
}

impl Signer {
    /// All keys that are at hand, the environment's and the running demo's: whose the request is, it says itself.
    pub(crate) fn explaining(&self) -> Result<Keys, Failure> {
        let demo = Running::find();
        let profiles = demo.iter().flat_map(|demo| demo.accounts.values());
        let mut known: Vec<(String, String)> = profiles
            .map(|profile| (profile.secret_id.clone(), profile.secret_key.clone()))
            .collect();
        let any = secret_key()?;
        known.splice(0..0, secret_id().zip(any.clone()));
        Ok(Keys { known, any })
    }

    /// The client that does it.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let (endpoint, credentials) = self.offline()?;
        Ok(Client::new(endpoint, credentials)?)
    }

    /// Who signs and for where, without a connection: no certificate is read.
    pub(crate) fn offline(&self) -> Result<(Endpoint, Credentials), Failure> {
        let demo = Running::find();
        match self.who(demo.as_ref())? {
            Who::Key(key) => Ok((self.endpoint(demo.as_ref(), None)?, key)),
            // A key of one's own is not for the demo, whose answers would be taken for the cloud's.
            Who::Profile(profile) => {
                let key = Credentials::new(&profile.secret_id, &profile.secret_key);
                let key = match &profile.token {
                    Some(token) => key.with_token(token),
                    None => key,
                };
                Ok((self.endpoint(None, Some(&profile))?, key))
            }
        }
    }

    fn endpoint(
        &self,
        demo: Option<&Running>,
        profile: Option<&credentials::Profile>,
    ) -> Result<Endpoint, Failure> {
        let domain = self.base_domain.clone();
        let domain = domain.or_else(|| profile?.base_domain.clone());
        let domain = domain.or_else(|| demo.map(|demo| demo.base_domain.clone()));
        let domain = domain.unwrap_or_else(|| BASE_DOMAIN.to_owned());
        let url = self.endpoint.as_deref().or_else(|| profile?.endpoint.as_deref());
        let at_demo = demo.filter(|demo| url.is_none_or(|url| is_at(url, &demo.https)));
        let endpoint = match (url, at_demo) {
            (Some(url), _) => Endpoint::at(url, domain)?,
            (None, Some(demo)) => Endpoint::at(&demo.https, domain)?,
            (None, None) => Endpoint::direct(domain),
        };
        let ca = self.ca.clone().or_else(|| profile?.ca.clone());
        let ca = ca.or_else(|| at_demo.map(|demo| demo.ca.clone()));
        Ok(match ca {
            Some(ca) => endpoint.with_ca(ca),
            None => endpoint,
        })
    }

    fn who(&self, demo: Option<&Running>) -> Result<Who, Failure> {
        if let Some(name) = self.profile.as_deref() {
            return named(name, demo);
        }
        if let Some(secret_id) = secret_id() {
            return of_environment(&secret_id, demo).map(Who::Key);
        }
        if secret_key()?.is_some() {
            return Err(Failure::usage(
                "there is a SecretKey in the environment and no SecretId: set FAREGATE_SECRET_ID, or unset FAREGATE_SECRET_KEY, FAREGATE_SECRET_KEY_FILE and TENCENTCLOUD_SECRET_KEY to sign with another key",
            ));
        }
        if let Some(demo) = demo {
            let profile = profile(demo, "demo")?;
            return Ok(Who::Key(Credentials::new(&profile.secret_id, &profile.secret_key)));
        }
        credentials::profile("default")?.map(Who::Profile).ok_or_else(|| {
            Failure::usage(
                "no key to sign with: set FAREGATE_SECRET_ID and FAREGATE_SECRET_KEY_FILE, or start `faregate demo`",
            )
        })
    }
}

/// The profile of this name: of `credentials.toml`, else of the running demo.
fn named(name: &str, demo: Option<&Running>) -> Result<Who, Failure> {
    if let Some(profile) = credentials::profile(name)? {
        return Ok(Who::Profile(profile));
    }
    let Some(demo) = demo else {
        let file = credentials::shown();
        return Err(Failure::usage(format!(
            "there is no profile `{name}` in {file}, and no demo runs that could have it: start `faregate demo`"
        )));
    };
    let profile = profile(demo, name)?;
    Ok(Who::Key(Credentials::new(&profile.secret_id, &profile.secret_key)))
}

fn of_environment(secret_id: &str, demo: Option<&Running>) -> Result<Credentials, Failure> {
    let mut secret = secret_key()?;
    if let (None, Some(profile)) = (&secret, demo.and_then(|demo| profile(demo, "demo").ok())) {
        // An unknown key with the demo's secret is a way to see 4100.
        output::note(
            "there is a SecretId in the environment and no SecretKey: signed with the demo's",
        );
        secret = Some(profile.secret_key.clone());
    }
    let secret = secret.ok_or_else(|| {
        Failure::usage(
            "there is a SecretId and no SecretKey: set FAREGATE_SECRET_KEY_FILE or FAREGATE_SECRET_KEY",
        )
    })?;
    let credentials = Credentials::new(secret_id, &secret);
    Ok(match environment::text("FAREGATE_TOKEN") {
        Some(token) => credentials.with_token(token),
        None => credentials,
    })
}

fn profile<'a>(demo: &'a Running, name: &str) -> Result<&'a Profile, Failure> {
    demo.accounts.get(name).ok_or_else(|| {
        let names: Vec<&str> = demo.accounts.keys().map(String::as_str).collect();
        Failure::usage(format!("the demo has no account `{name}`; it has {}", names.join(", ")))
    })
}

/// Is this the running demo's address, however it is written.
fn is_at(url: &str, address: &str) -> bool {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    rest.trim_end_matches('/').replace("localhost", "127.0.0.1") == address
}

fn secret_id() -> Option<String> {
    environment::text("FAREGATE_SECRET_ID").or_else(|| environment::text("TENCENTCLOUD_SECRET_ID"))
}

fn secret_key() -> Result<Option<String>, Failure> {
    if let Some(path) = environment::text("FAREGATE_SECRET_KEY_FILE") {
        let text = std::fs::read_to_string(&path).map_err(|cause| {
            Failure::usage(format!("cannot read FAREGATE_SECRET_KEY_FILE `{path}`: {cause}"))
        })?;
        return Ok(Some(text.trim().to_owned()));
    }
    Ok(environment::text("FAREGATE_SECRET_KEY")
        .or_else(|| environment::text("TENCENTCLOUD_SECRET_KEY")))
}
