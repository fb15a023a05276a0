//! From an action's faults to a refusal's, and from its arguments to the upstream's requests.

use faregate_catalog::{Fault, FaultReason, Operation};
use faregate_contract::{Param, Reason};
use serde_json::{Map, Value};

use super::{Refused, Requests};

pub(super) fn judged(faults: Vec<Fault>) -> Vec<(Reason, Param)> {
    faults.into_iter().map(judge).collect()
}

fn judge(fault: Fault) -> (Reason, Param) {
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
) -> Result<Requests, Refused> {
    let one = |arguments: &Map<String, Value>| {
        operation.request(arguments).map_err(|fault| Refused::Fields(vec![judge(fault)]))
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
