//! The signature among the parameters: v2, and v1 of API 3.0 (PROTOCOL 1.3 and 3.1). The path is part of what is signed,
//! so neither passes for the other.

use std::sync::Arc;

use faregate_catalog::MinSignature;
use faregate_signing::diagnose::{Diagnosis, Evidence, V2, diagnose};
use faregate_signing::{Algorithm, Method, Pair, Tag, v2};
use smallvec::SmallVec;

use super::{Policy, Profile, Refused, Signed, TC3, Told, usable};
use crate::availability::Open;
use crate::call::Body;
use crate::facts::Key;
use crate::parameters::is_common;

pub(super) fn judge(
    open: &Open,
    key: Option<Arc<Key>>,
    policy: &Policy,
    signature: &str,
    method: Option<&str>,
) -> Result<Signed, Refused> {
    let algorithm = Algorithm::of(method);
    let pairs: SmallVec<[Pair<'_>; 24]> =
        open.input().pairs().filter(|(name, _)| *name != "Signature").collect();
    let Ok(tag) = Tag::decode(signature) else {
        let diagnosis = key.filter(|_| policy.sandbox).and_then(|key| {
            diagnose(&Evidence::V2(evidence(open, &pairs, signature)), &key.secret, &[])
        });
        let told = diagnosis.map(|found| told(open, &pairs, Some(found)));
        return Err(told.unwrap_or(Refused::Malformed(algorithm)));
    };
    let raw = open.raw();
    let request = v2::Request {
        method: open.method(),
        host: &raw.host,
        path: &raw.path,
        pairs: &pairs,
        algorithm,
        tag: &tag,
    };
    let key = usable(open, key, policy, || {
        let _ = v2::refuse_unknown(&request);
    })?;
    let verified = v2::verify(&request, &key.secret).map_err(|_| {
        if !policy.sandbox {
            return Refused::Mismatch;
        }
        let found = diagnose(&Evidence::V2(evidence(open, &pairs, signature)), &key.secret, &[]);
        told(open, &pairs, found)
    })?;
    let operation = open.operation();
    // A file part is signed by nobody: one that is no parameter is dropped, as the module would (PROTOCOL 1.1).
    let file = open.input().files().iter().find(|name| operation.declares(name));
    let left_out = verified.uncovered.first().and_then(|place| pairs.get(*place));
    if let Some(name) = left_out.map(|(name, _)| *name).or(file.map(String::as_str)) {
        return Err(Refused::Unsigned(name.to_owned()));
    }
    if let Some(found) = v2::ambiguous(&pairs, |name| is_common(name) || operation.declares(name)) {
        return Err(Refused::Ambiguous(found.parameter.to_owned()));
    }
    match weakest(operation.min_signature, policy) {
        weakest if weakest == TC3 || (weakest != SHA1 && algorithm == Algorithm::HmacSha1) => {
            Err(Refused::TooWeak { sent: algorithm.name(), weakest })
        }
        _ => Ok(Signed { key, profile: Profile::Parameters(verified.profile), tag }),
    }
}

const SHA1: &str = Algorithm::HmacSha1.name();

/// The least that the action and the installation take.
fn weakest(least: Option<MinSignature>, policy: &Policy) -> &'static str {
    match (least, policy.weakest) {
        (Some(MinSignature::Tc3), _) => TC3,
        (None | Some(MinSignature::V2Sha1), Algorithm::HmacSha1) => SHA1,
        (None | Some(MinSignature::V2Sha1 | MinSignature::V2Sha256), _) => {
            Algorithm::HmacSha256.name()
        }
    }
}

/// What helps to find the mistake: all of the request, and nothing that it does not say itself.
fn evidence<'a>(open: &'a Open, pairs: &'a [Pair<'a>], signature: &'a str) -> V2<'a> {
    let raw = open.raw();
    let sent = match (open.method(), &raw.body) {
        (Method::Get, _) => raw.query.as_deref(),
        (Method::Post, Body::Whole(body)) => std::str::from_utf8(body).ok(),
        (Method::Post, Body::TooLarge { .. } | Body::Broken) => None,
    };
    V2 { raw: sent, ..V2::new(open.method(), &raw.host, &raw.path, pairs, signature) }
}

fn told(open: &Open, pairs: &[Pair<'_>], diagnosis: Option<Diagnosis>) -> Refused {
    let (raw, profile) = (open.raw(), v2::Profile::CANONICAL);
    let string_to_sign = v2::string_to_sign(open.method(), &raw.host, &raw.path, pairs, profile);
    Refused::MismatchTold(Box::new(Told { string_to_sign, canonical_request: None, diagnosis }))
}
