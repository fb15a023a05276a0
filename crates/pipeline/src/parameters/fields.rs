//! From an action's faults to a refusal's, and from its arguments to the upstream's requests.

use faregate_catalog::{Fault, FaultReason, Operation};
use faregate_contract::{Param, Reason};
use serde_json::{Map, Value};

use super::{Refused, Requests};

/// `capitals`: the client writes `Limit` for the declared `limit`, and is told of `Limit`.
pub(super) fn judged(faults: Vec<Fault>, capitals: bool) -> Vec<(Reason, Param)> {
    faults.into_iter().map(|fault| judge(fault, capitals)).collect()
}

fn judge(mut fault: Fault, capitals: bool) -> (Reason, Param) {
    if capitals {
        let spelt: Vec<String> = fault.parameter.split('.').map(capital).collect();
        let spelt = spelt.join(".");
        fault.message =
            fault.message.replace(&format!("`{}`", fault.parameter), &format!("`{spelt}`"));
        fault.parameter = spelt;
    }
    let reason = match fault.reason {
        FaultReason::Missing => super::MISSING,
        FaultReason::WrongType => super::WRONG_TYPE,
        FaultReason::OutOfRange => super::OUT_OF_RANGE,
        FaultReason::NotAllowed => super::NOT_ALLOWED,
        FaultReason::Pattern => super::PATTERN,
        FaultReason::Format => super::FORMAT,
        FaultReason::Length => super::LENGTH,
        FaultReason::TooMany => super::TOO_MANY,
        FaultReason::TooFew => super::TOO_FEW,
        FaultReason::Repeated => super::REPEATED,
        FaultReason::Unknown => super::UNKNOWN_PARAMETER,
        FaultReason::BadIndex => super::BAD_INDEX,
        FaultReason::Conflict => super::CONFLICT,
        FaultReason::TooDeep => super::TOO_DEEP,
        FaultReason::PathSegment => super::PATH_SEGMENT,
        FaultReason::Rule => super::RULE,
    };
    (
        reason,
        Param { name: fault.parameter, reason: reason.as_str().into(), message: fault.message },
    )
}

/// Builds what would go upstream; a path value that cannot be one segment is the client's fault.
pub(super) fn requests(
    operation: &Operation,
    arguments: &Map<String, Value>,
    capitals: bool,
) -> Result<Requests, Refused> {
    let one = |arguments: &Map<String, Value>| {
        operation.request(arguments).map_err(|fault| Refused::Fields(vec![judge(fault, capitals)]))
    };
    if operation.batch.is_none() {
        return Ok(Requests::One(one(arguments)?));
    }
    let items = operation.batch_items(arguments).into_iter();
    let each = items.map(|id| {
        let request = one(&operation.for_item(arguments, &id))?;
        Ok((id, request))
    });
    Ok(Requests::Each(each.collect::<Result<_, Refused>>()?))
}

fn capital(segment: &str) -> String {
    let mut rest = segment.chars();
    let first = rest.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}
