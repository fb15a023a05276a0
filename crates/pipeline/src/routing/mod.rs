//! 6100 Not supported by the version: no module here has this Host, this Action or this Version.
//!
//! `domain` stands before the parameters are read, because the module decides whether plain HTTP may go
//! on at all; `action` stands after, because the Action is a parameter. Host is the only thing that picks
//! a module: SNI picks a certificate. A loopback or an IP Host picks by Action, if one module alone has it.
//! Invariant: a `Routed` names one operation of one module. Never: tells what a module's upstream is.

mod suggestion;

use std::net::IpAddr;
use std::sync::Arc;

use faregate_catalog::{Catalog, Module, Operation};
use faregate_contract::{Code, Dialect, Origin, Public, Reason, Refusal};

use crate::call::Transport;
use crate::parameters::Decoded;
use crate::protocol::{self, Accepted};

/// A call whose domain is known here.
#[derive(Debug)]
pub struct Located {
    of: Accepted,
    place: Place,
    catalog: Arc<Catalog>,
}

/// What the Host says.
#[derive(Debug)]
enum Place {
    /// A module's domain.
    Module(Arc<Module>),
    /// This machine itself: the Action decides.
    Local,
}

owns!(Located => Accepted);

/// A call of one operation.
#[derive(Debug)]
pub struct Routed {
    // Boxed here: what follows moves from witness to witness, and the parameters need not move with it.
    of: Box<Decoded>,
    module: Arc<Module>,
    operation: Arc<Operation>,
}

owns!(Routed => Decoded);

impl Routed {
    /// The module.
    #[must_use]
    pub fn module(&self) -> &Arc<Module> {
        &self.module
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &Arc<Operation> {
        &self.operation
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[
    NO_SUCH_DOMAIN,
    NO_SUCH_PATH,
    NO_SUCH_ACTION,
    NO_SUCH_VERSION,
    AMBIGUOUS_HOST,
    WITHDRAWN,
    LASTING_MAINTENANCE,
];
const NO_SUCH_DOMAIN: Reason = Reason::new("NO_SUCH_DOMAIN");
const NO_SUCH_PATH: Reason = Reason::new("NO_SUCH_PATH");
const NO_SUCH_ACTION: Reason = Reason::new("NO_SUCH_ACTION");
const NO_SUCH_VERSION: Reason = Reason::new("NO_SUCH_VERSION");
const AMBIGUOUS_HOST: Reason = Reason::new("AMBIGUOUS_HOST");
const WITHDRAWN: Reason = Reason::new("WITHDRAWN");
const LASTING_MAINTENANCE: Reason = Reason::new("LASTING_MAINTENANCE");

/// Every message of a 6100 says so (DESIGN 1, from the page's own Note).
const CHECK_DOMAIN: &str = "First check whether the domain of the API is correct: different modules may have different domains.";

/// Why nothing here answers to the call.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// No module has this Host.
    NoSuchDomain {
        /// As sent.
        host: String,
        /// Where the Action is that the call names.
        hint: Option<String>,
    },
    /// Not the API's path.
    NoSuchPath(String),
    /// The module has no such Action.
    NoSuchAction {
        /// As sent.
        action: String,
        /// Where it was looked for.
        module: String,
        /// Where it is, or what was probably meant.
        hint: Option<String>,
    },
    /// The module has no such Version.
    NoSuchVersion {
        /// As sent.
        version: String,
        /// What it has.
        known: Vec<String>,
    },
    /// A local Host, and several modules with this Action.
    AmbiguousHost {
        /// As sent.
        action: String,
        /// Their domains.
        domains: Vec<String>,
    },
    /// Taken out of service for good.
    Withdrawn {
        /// What.
        what: String,
        /// The operator's words.
        message: Option<String>,
    },
    /// Under maintenance without a known end.
    Lasting {
        /// What.
        what: String,
        /// The operator's words.
        message: Option<String>,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, say) = match refused {
            Refused::NoSuchDomain { host, .. } if host.is_empty() => {
                (NO_SUCH_DOMAIN, "the request has no Host header.".to_owned())
            }
            Refused::NoSuchDomain { host, hint } => {
                let hint = hint.map(|hint| format!(" {hint}")).unwrap_or_default();
                (
                    NO_SUCH_DOMAIN,
                    format!("no module answers to the domain {}.{hint}", Public::echo(&host)),
                )
            }
            Refused::NoSuchPath(path) => (
                NO_SUCH_PATH,
                format!(
                    "the path {} is not the API's; it is `{}`, and `{}` for API 3.0.",
                    Public::echo(&path),
                    Dialect::V2.path(),
                    Dialect::Tc3.path()
                ),
            ),
            Refused::NoSuchAction { action, module, hint } => {
                let hint = hint.map(|hint| format!(" {hint}")).unwrap_or_default();
                (
                    NO_SUCH_ACTION,
                    format!("the module `{module}` has no Action {}.{hint}", Public::echo(&action)),
                )
            }
            Refused::NoSuchVersion { version, known } => (
                NO_SUCH_VERSION,
                format!(
                    "there is no Version {} here; leave it out, or use {}.",
                    Public::echo(&version),
                    known.join(", ")
                ),
            ),
            Refused::AmbiguousHost { action, domains } => (
                AMBIGUOUS_HOST,
                format!(
                    "several modules have the Action {}; call one of {}.",
                    Public::echo(&action),
                    domains.join(", ")
                ),
            ),
            Refused::Withdrawn { what, message } => {
                (WITHDRAWN, operator(format!("{what} is withdrawn."), message))
            }
            Refused::Lasting { what, message } => (
                LASTING_MAINTENANCE,
                operator(format!("{what} is under lasting maintenance."), message),
            ),
        };
        let say = format!("{say} {CHECK_DOMAIN}");
        Refusal::new(Code::VersionNotSupported, reason, Origin::Client, Public::new(say))
    }
}

fn operator(sentence: String, message: Option<String>) -> String {
    message.map(|words| format!("{sentence} {words}")).unwrap_or(sentence)
}

/// Finds the module of the Host. tccli with `--endpoint http://127.0.0.1:80` has the scheme in its Host, too.
///
/// # Errors
/// 6100 when no module has it or the path is another; 4600 for plain HTTP where https is demanded.
pub fn domain(accepted: Accepted, catalog: &Arc<Catalog>) -> Result<Located, Refusal> {
    let raw = accepted.raw();
    let (named, bare) = match raw.host.strip_prefix("http://") {
        Some(bare) => (false, bare),
        None => (true, raw.host.as_str()),
    };
    let host = without_port(bare).to_ascii_lowercase();
    let known = if named { catalog.module_by_domain(&host) } else { None };
    let place = if let Some(module) = known {
        demand_https(raw.transport, module)?;
        Place::Module(Arc::clone(module))
    } else if is_local(&host) {
        Place::Local
    } else {
        let hint = suggestion::of_raw(catalog, raw);
        return Err(Refused::NoSuchDomain { host: raw.host.clone(), hint }.into());
    };
    if raw.path != raw.dialect.path() {
        return Err(Refused::NoSuchPath(raw.path.clone()).into());
    }
    Ok(Located { of: accepted, place, catalog: Arc::clone(catalog) })
}

/// Finds the operation of the Action, in the module of the Host.
///
/// # Errors
/// 6100 when there is none, or none of this Version; 4600 as in [`domain`].
pub fn action(decoded: Decoded) -> Result<Routed, Refusal> {
    let action = &decoded.common().action;
    let service = decoded.common().service.as_deref();
    let module = match (decoded.catalog.builtin(action), &decoded.place) {
        (Some(own), _) => Arc::clone(own),
        (None, Place::Module(module)) => Arc::clone(module),
        (None, Place::Local) => by_action(&decoded.catalog, action, service)?,
    };
    demand_https(decoded.raw().transport, &module)?;
    let Some(operation) = module.operation(action).map(Arc::clone) else {
        return Err(Refused::NoSuchAction {
            action: action.clone(),
            module: module.name.clone(),
            hint: suggestion::hint(&decoded.catalog, &module, action),
        }
        .into());
    };
    // A module without versions takes any, for API 3.0 has no call without one; so do the gateway's own actions, which
    // are in every version of every module.
    let versions = &module.versions;
    if let Some(version) = decoded.common().version.as_ref()
        && !(module.builtin || versions.is_empty() || versions.contains(version))
    {
        let known = module.versions.clone();
        return Err(Refused::NoSuchVersion { version: version.clone(), known }.into());
    }
    Ok(Routed { of: Box::new(decoded), module, operation })
}

/// The module of a local Host: the one that the signature is made for, if there is such a one; else the Action decides.
/// Node signs for `127` at an address, which is no module (PROTOCOL 3).
fn by_action(
    catalog: &Catalog,
    action: &str,
    service: Option<&str>,
) -> Result<Arc<Module>, Refusal> {
    if let Some(module) = service.and_then(|service| catalog.module(service)) {
        return Ok(Arc::clone(module));
    }
    match catalog.modules_with_action(action) {
        [module] => Ok(Arc::clone(module)),
        [] => Err(Refused::NoSuchAction {
            action: action.to_owned(),
            module: "any".to_owned(),
            hint: suggestion::nearest(catalog.modules(), action),
        }
        .into()),
        several => Err(Refused::AmbiguousHost {
            action: action.to_owned(),
            domains: several.iter().filter_map(|module| module.domains.first().cloned()).collect(),
        }
        .into()),
    }
}

fn demand_https(transport: Transport, module: &Module) -> Result<(), Refusal> {
    match transport {
        Transport::Plain if module.https_only => {
            Err(protocol::plain_http(module.domains.first().map_or("", String::as_str)))
        }
        Transport::Plain | Transport::Local | Transport::Tls => Ok(()),
    }
}

/// 6100 for what an operator withdrew; made here, asked for by `availability`.
#[must_use]
pub fn withdrawn(what: String, message: Option<String>) -> Refusal {
    Refused::Withdrawn { what, message }.into()
}

/// 6100 for maintenance without an end; made here, asked for by `availability`.
#[must_use]
pub fn lasting(what: String, message: Option<String>) -> Refusal {
    Refused::Lasting { what, message }.into()
}

/// The host without its port; an IPv6 address keeps its brackets off.
fn without_port(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => {
            name
        }
        Some(_) | None => host,
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod spec;
