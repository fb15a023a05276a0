//! The signature among the parameters: v2, and v1 of API 3.0 (PROTOCOL 1.3 and 3.1). The path is part of what is signed,
//! so neither passes for the other.

use std::sync::Arc;

use faregate_catalog::MinSignature;
use faregate_signing::{Algorithm, Pair, Tag, v2};
use smallvec::SmallVec;

use super::{Policy, Profile, Refused, Signed, TC3, usable};
use crate::availability::Open;
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
    let tag = Tag::decode(signature).map_err(|_| Refused::Malformed(algorithm))?;
    let pairs: SmallVec<[Pair<'_>; 24]> =
        open.input().pairs().filter(|(name, _)| *name != "Signature").collect();
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
    let verified = v2::verify(&request, &key.secret).map_err(|_| mismatch(&request, policy))?;
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
        _ => Ok(Signed { key, profile: Profile::Parameters(verified.profile), tag: None }),
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

fn mismatch(request: &v2::Request<'_>, policy: &Policy) -> Refused {
    if !policy.sandbox {
        return Refused::Mismatch;
    }
    let profile = v2::Profile::CANONICAL;
    let string_to_sign =
        v2::string_to_sign(request.method, request.host, request.path, request.pairs, profile);
    Refused::MismatchTold { string_to_sign }
}
