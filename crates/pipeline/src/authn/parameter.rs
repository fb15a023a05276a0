//! The signature among the parameters: v2, and v1 of API 3.0 (PROTOCOL 1.3 and 3.1). The path is part of what is signed,
//! so neither passes for the other.

use std::sync::Arc;

use faregate_catalog::MinSignature;
use faregate_signing::diagnose::{Diagnosis, Evidence, V2};
use faregate_signing::{Algorithm, Method, Pair, Tag, v2};
use smallvec::SmallVec;

use super::{Inquiry, Policy, Profile, Refused, Signed, Told, inquiry, usable};
use crate::availability::Open;
use crate::call::Body;
use crate::facts::{Account, Key};
use crate::parameters::is_common;

pub(super) fn judge(
    open: &Open,
    key: Option<Arc<Key>>,
    (policy, world): (&Policy, &dyn Inquiry),
    signature: &str,
    method: Option<&str>,
) -> Result<Signed, Refused> {
    let algorithm = Algorithm::of(method);
    let pairs: SmallVec<[Pair<'_>; 24]> =
        open.input().pairs().filter(|(name, _)| *name != "Signature").collect();
    let Ok(tag) = Tag::decode(signature) else {
        let diagnosis = key.filter(|_| policy.sandbox).and_then(|key| {
            inquiry::in_full(world, &Evidence::V2(evidence(open, &pairs, signature)), &key)
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
    let wrong = |key: Option<&Key>| {
        let evidence = Evidence::V2(evidence(open, &pairs, signature));
        match key.filter(|_| policy.sandbox) {
            Some(key) => told(open, &pairs, inquiry::in_full(world, &evidence, key)),
            None => inquiry::in_production((policy, world), open, &evidence, key)
                .map_or(Refused::Mismatch, |found| Refused::MismatchNamed(Box::new(found))),
        }
    };
    let key = usable(open, key, policy, || {
        let _ = v2::refuse_unknown(&request);
        wrong(None)
    })?;
    let verified = v2::verify(&request, &key.secret).map_err(|_| wrong(Some(&key)))?;
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
    let least = weakest(operation.min_signature, &key.account, policy);
    if strength(algorithm) < least {
        return Err(Refused::TooWeak { sent: algorithm.name(), weakest: least.as_str() });
    }
    Ok(Signed { key, profile: Profile::Parameters(verified.profile), tag })
}

/// The least that the action, the account and the installation take: the strongest of the three.
fn weakest(action: Option<MinSignature>, account: &Account, policy: &Policy) -> MinSignature {
    [action, account.min_signature].into_iter().flatten().fold(policy.weakest, MinSignature::max)
}

const fn strength(algorithm: Algorithm) -> MinSignature {
    match algorithm {
        Algorithm::HmacSha1 => MinSignature::V2Sha1,
        Algorithm::HmacSha256 => MinSignature::V2Sha256,
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
