//! TC3-HMAC-SHA256: the signature in the `Authorization` header (PROTOCOL 3).
//!
//! It covers query, host and body, and of the other headers only those that it names: stock SDKs leave Action and Version out
//! (RELIABILITY finding 4), so that over an open way the same signature would be good for another action.

use std::sync::Arc;

use faregate_catalog::Cover;
use faregate_signing::diagnose::{Evidence, Tc3};
use faregate_signing::tc3::{self, Authorization, Mismatch, Payload};

use super::{Inquiry, Policy, Profile, Refused, Signed, Told, inquiry, usable};
use crate::availability::Open;
use crate::call::{Body, RawCall, Transport};
use crate::dialect::header;
use crate::facts::Key;

pub(super) fn judge(
    open: &Open,
    key: Option<Arc<Key>>,
    (policy, world): (&Policy, &dyn Inquiry),
) -> Result<Signed, Refused> {
    let raw = open.raw();
    let malformed = |why: &dyn std::fmt::Display| Refused::Authorization(why.to_string());
    let written = header(raw, "Authorization").ok_or_else(|| {
        Refused::Authorization("the request has no Authorization header".to_owned())
    })?;
    let authorization = Authorization::parse(written).map_err(|e| malformed(&e))?;
    let headers: Vec<tc3::Header<'_>> =
        raw.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = tc3::Request {
        method: open.method(),
        path: &raw.path,
        query: raw.query.as_deref().unwrap_or_default(),
        host: &raw.host,
        headers: &headers,
        body: match &raw.body {
            Body::Whole(bytes) => bytes,
            Body::TooLarge { .. } | Body::Broken => &[],
        },
        timestamp: header(raw, "X-TC-Timestamp").unwrap_or_default(),
        authorization: &authorization,
    };
    let key = usable(open, key, policy, || {
        let _ = tc3::refuse_unknown(&request);
        mismatch(open, &request, written, None, (policy, world))
    })?;
    let verified = tc3::verify(&request, &key.secret).map_err(|why| match why {
        Mismatch::Tag { .. } => mismatch(open, &request, written, Some(&key), (policy, world)),
        Mismatch::Stamp
        | Mismatch::Date { .. }
        | Mismatch::HeaderMissing { .. }
        | Mismatch::HeaderRepeated { .. } => malformed(&why),
    })?;
    if !verified.covered.action() && is_open(raw) {
        return Err(Refused::ActionUnsigned);
    }
    let unsigned = verified.payload == Payload::Unsigned;
    if unsigned && !open.input().is_empty() && open.operation().cover == Cover::Whole {
        return Err(Refused::PayloadUnsigned);
    }
    Ok(Signed { key, profile: Profile::Tc3(verified.profile), tag: verified.mac })
}

/// May others change what is on its way here: plain text from another machine.
fn is_open(raw: &RawCall) -> bool {
    match raw.transport {
        Transport::Tls | Transport::Local => false,
        Transport::Plain => !raw.peer.is_loopback(),
    }
}

fn mismatch(
    open: &Open,
    request: &tc3::Request<'_>,
    authorization: &str,
    key: Option<&Key>,
    (policy, world): (&Policy, &dyn Inquiry),
) -> Refused {
    let evidence = Evidence::Tc3(Tc3 {
        method: request.method,
        path: request.path,
        query: request.query,
        host: request.host,
        headers: request.headers,
        body: request.body,
        timestamp: request.timestamp,
        authorization,
        hosts: &[],
    });
    let Some(key) = key.filter(|_| policy.sandbox) else {
        let found = inquiry::in_production((policy, world), open, &evidence, key);
        return found.map_or(Refused::Mismatch, |found| Refused::MismatchNamed(Box::new(found)));
    };
    let profile = tc3::Profile::CANONICAL;
    let texts = tc3::string_to_sign(request, profile)
        .and_then(|text| Ok((text, tc3::canonical_request(request, profile)?)));
    // Neither can fail once the tag was compared.
    let Ok((string_to_sign, canonical)) = texts else { return Refused::Mismatch };
    let diagnosis = inquiry::in_full(world, &evidence, key);
    let canonical_request = Some(canonical);
    Refused::MismatchTold(Box::new(Told { string_to_sign, canonical_request, diagnosis }))
}
