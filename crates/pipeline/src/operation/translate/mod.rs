//! The module's answer, through its error map, into the contract (DESIGN 1 and 3).

use std::borrow::Cow;

use faregate_catalog::{Module, Operation, ids_at};
use faregate_contract::{Members, ModuleError, Origin, Refusal};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Done, Refused, Upstream};
use crate::availability;
use crate::facts::{Lesson, ResourceRef, Settlement};
use crate::fault::Fault;
use crate::ownership;
use crate::parameters;
use crate::purchase;

mod top;

use top::Top;

/// What the body says it is.
enum Said<'a> {
    Nothing,
    Object(Top<'a>),
    Other(&'a RawValue),
    Nonsense(String),
}

pub(super) fn read(
    module: &Module,
    operation: &Operation,
    arguments: &Map<String, Value>,
    item: Option<&str>,
    upstream: &Upstream,
) -> Done {
    let (status, body, after_s) = match upstream {
        Upstream::Answered { status, retry_after_s, body } => (*status, body, *retry_after_s),
        Upstream::Unreachable(cause) => {
            return failed(Fault::Unreachable(cause.clone()), Settlement::Release);
        }
        Upstream::Timeout { after_ms } => return doubt(Fault::Timeout { after_ms: *after_ms }),
        Upstream::Reset(cause) => return doubt(Fault::Reset(cause.clone())),
        Upstream::TooLarge { bytes_max } => {
            return doubt(Fault::Nonsense(format!("more than {bytes_max} bytes")));
        }
    };
    match parse(body) {
        Said::Object(top) => match top.error() {
            Some((code, message)) => {
                by_code(module, code, message.as_ref(), top.module_code(), after_s)
            }
            None if (200..300).contains(&status) => match reserved(operation, &top) {
                Some(name) => doubt(Fault::ReservedMember(name.to_owned())),
                None => {
                    let members = std::str::from_utf8(body).ok().and_then(Members::of_object);
                    succeeded(module, operation, arguments, item, (members, body))
                }
            },
            None => by_status(module, status, top.words().as_deref(), after_s),
        },
        Said::Other(value) if (200..300).contains(&status) => {
            let members = Some(Members::one("data", value.get()));
            succeeded(module, operation, arguments, item, (members, body))
        }
        Said::Nothing if (200..300).contains(&status) => {
            succeeded(module, operation, arguments, item, (Some(Members::none()), b"{}"))
        }
        Said::Nonsense(why) if (200..300).contains(&status) => doubt(Fault::Nonsense(why)),
        Said::Nothing | Said::Other(_) | Said::Nonsense(_) => {
            by_status(module, status, None, after_s)
        }
    }
}

/// The first member that is the contract's own: of a purchase, `charge` is; of a refund, `refund`.
fn reserved(operation: &Operation, top: &Top<'_>) -> Option<&'static str> {
    let charge = || top.charge.filter(|_| operation.purchase.is_some()).map(|_| "charge");
    let refund = || top.refund.filter(|_| operation.refund().is_some()).map(|_| "refund");
    top.reserved.or_else(charge).or_else(refund)
}

fn parse(body: &[u8]) -> Said<'_> {
    let nonsense = |e: serde_json::Error| Said::Nonsense(e.to_string());
    match body.trim_ascii_start().first() {
        None => Said::Nothing,
        Some(b'{') => serde_json::from_slice(body).map_or_else(nonsense, Said::Object),
        Some(_) => serde_json::from_slice(body).map_or_else(nonsense, Said::Other),
    }
}

/// A result: its members are spliced as they are, its ids learnt.
fn succeeded(
    module: &Module,
    operation: &Operation,
    arguments: &Map<String, Value>,
    item: Option<&str>,
    (members, body): (Option<Members>, &[u8]),
) -> Done {
    let Some(members) = members else {
        return doubt(Fault::Nonsense("no JSON object".to_owned()));
    };
    let resource = |kind: &str, id: String| ResourceRef {
        module: module.name.clone(),
        kind: kind.to_owned(),
        id,
    };
    let mut lessons = Vec::new();
    if let Some(creates) = &operation.creates {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let ids = creates.at.find(&value);
        if ids.is_empty() {
            return doubt(Fault::NoCreatedId(format!("the {} id", creates.kind)));
        }
        lessons.extend(ids.into_iter().map(|id| Lesson::Created(resource(&creates.kind, id))));
    }
    // Of a batch, the item that was done; of a call, all that it names.
    let named = |parameter: &str| match item {
        Some(id) if operation.batch.as_ref().is_some_and(|batch| batch.over == parameter) => {
            vec![id.to_owned()]
        }
        Some(_) | None => ids_at(arguments, parameter),
    };
    if let Some(returns) = &operation.returns {
        let ids = named(&returns.parameter).into_iter();
        lessons.extend(ids.map(|id| Lesson::Returned(resource(&returns.kind, id))));
    }
    if let Some(transfers) = &operation.transfers
        && let [to] = ids_at(arguments, &transfers.to).as_slice()
    {
        let ids = named(&transfers.parameter).into_iter();
        let moved = |id| Lesson::Transferred(resource(&transfers.kind, id), to.clone());
        lessons.extend(ids.map(moved));
    }
    if let Some(shares) = &operation.shares
        && let Some(grant) = shares.grant(arguments)
    {
        for with in ids_at(arguments, &shares.with) {
            let lent = |id| Lesson::Shared(resource(&shares.kind, id), with.clone(), grant);
            lessons.extend(named(&shares.parameter).into_iter().map(lent));
        }
    }
    Done { result: Ok(members), settlement: Settlement::Commit, lessons }
}

/// An error in the contract's own shape: `{"code":5100,"moduleCode":100004,"message":…}`.
fn by_code(
    module: &Module,
    code: i64,
    message: &str,
    module_code: Option<Cow<'_, str>>,
    after_s: Option<u32>,
) -> Done {
    let documented = module_code.as_deref().and_then(|own| module.errors.get(own));
    let own = module_code.and_then(|own| ModuleError::new(own, message).ok());
    // What a documented module code means stands in the document; the body may not contradict it.
    let code = documented.map_or(code, |doc| i64::from(doc.code));
    let fix = documented.and_then(|doc| doc.fix.clone());
    let refusal = match code {
        4000 => voiced(parameters::refused_by_module(message), own),
        5000 => voiced(ownership::absent(), own),
        5100 => Refused::Module { message: message.to_owned(), module: own }.into(),
        5200 => purchase::refused_by_upstream(message, own),
        6000 => return doubt(Fault::Module(message.to_owned())),
        6200 => voiced(availability::module_unavailable(&module.name, after_s), own),
        other => return doubt(Fault::ForeignCode(other)),
    };
    refused(match fix {
        Some(fix) => refusal.fix(fix),
        None => refusal,
    })
}

/// A bare status, or one with problem details (RFC 9457).
fn by_status(module: &Module, status: u16, words: Option<&str>, after_s: Option<u32>) -> Done {
    let words = words.unwrap_or("it gave no reason");
    match status {
        400 | 422 => refused(parameters::refused_by_module(words)),
        404 | 410 => refused(ownership::absent()),
        409 => refused(Refused::Module { message: words.to_owned(), module: None }.into()),
        507 => refused(purchase::refused_by_upstream(words, None)),
        503 => refused(availability::module_unavailable(&module.name, after_s)),
        other => doubt(Fault::Status(other)),
    }
}

/// The module's own voice, where it has a code of its own.
fn voiced(refusal: Refusal, own: Option<ModuleError>) -> Refusal {
    match own {
        Some(own) => Refusal { origin: Origin::Module, ..refusal }.module(own),
        None => refusal,
    }
}

fn refused(refusal: Refusal) -> Done {
    Done { result: Err(refusal), settlement: Settlement::Release, lessons: Vec::new() }
}

fn doubt(fault: Fault) -> Done {
    failed(fault, Settlement::InDoubt)
}

fn failed(fault: Fault, settlement: Settlement) -> Done {
    Done { result: Err(fault.into()), settlement, lessons: Vec::new() }
}

impl<'de> Deserialize<'de> for Top<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(top::Members)
    }
}
