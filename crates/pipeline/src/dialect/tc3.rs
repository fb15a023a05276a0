//! TC3-HMAC-SHA256: the common parameters in headers, the action's own in a query or a body (PROTOCOL 3).

use faregate_catalog::Parameters;
use faregate_signing::multipart::{self, Part};
use faregate_signing::tc3::Authorization;
use serde_json::Map;

use super::{Input, Media, SKIP, Sent, header, json};
use crate::call::RawCall;
use crate::parameters::{Common, Faults, Limits, Pairs, Proof, Refused};

/// The headers that decide something, each of which may stand once.
const DECIDING: [&str; 8] = [
    "Authorization",
    "Content-Type",
    "X-TC-Action",
    "X-TC-Content-SHA256",
    "X-TC-Region",
    "X-TC-Timestamp",
    "X-TC-Token",
    "X-TC-Version",
];

/// Reads the headers, then the parameters.
pub(super) fn read(
    raw: &RawCall,
    sent: &Sent<'_>,
    limits: &Limits,
) -> Result<(Input, Common), Refused> {
    let common = common(raw)?;
    let input = match sent.media {
        Media::Form => {
            Input::Texts(Pairs::parse(sent.bytes, limits.parameters_max).map_err(Refused::Pairs)?)
        }
        Media::Json => Input::Members(json::object(sent.bytes).map_err(refused)?),
        Media::Multipart => Input::Texts(parts(sent, limits)?),
    };
    Ok((input, common))
}

fn refused(fault: json::Fault) -> Refused {
    match fault {
        json::Fault::Malformed(why) => Refused::Json(why),
        json::Fault::Duplicate(name) => Refused::JsonTwice(name),
    }
}

fn common(raw: &RawCall) -> Result<Common, Refused> {
    for name in DECIDING {
        if raw.headers.iter().filter(|(sent, _)| sent.eq_ignore_ascii_case(name)).count() > 1 {
            return Err(Refused::HeaderTwice(name));
        }
    }
    let authorization = header(raw, "Authorization").unwrap_or_default();
    // What is wrong with the header is told by the gate of signatures; it only names nobody here.
    let parsed = Authorization::parse(authorization).ok();
    let proof = if authorization == SKIP { Proof::None } else { Proof::Header };
    let given = |name: &str| header(raw, name).filter(|value| !value.is_empty());
    let mut faults = Faults::default();
    let action = faults.action("X-TC-Action", given("X-TC-Action"));
    let version = faults.version("X-TC-Version", given("X-TC-Version"));
    // An unsigned call has no stamp, and never gets as far as one.
    let stamp = given("X-TC-Timestamp").or_else(|| (proof == Proof::None).then_some("0"));
    let timestamp = faults.stamp("X-TC-Timestamp", stamp);
    let owned = |name: &str| given(name).map(str::to_owned);
    match (action, version, timestamp) {
        (Some(action), Some(version), Some(timestamp)) => Ok(Common {
            action,
            secret_id: parsed.as_ref().map_or("", |it| it.secret_id).to_owned(),
            timestamp,
            nonce: None,
            proof,
            service: parsed.map(|it| it.service.to_owned()),
            region: owned("X-TC-Region"),
            token: owned("X-TC-Token"),
            version: Some(version),
            client_token: None,
            dry_run: false,
            resume_token: None,
        }),
        _ => Err(Refused::Fields(faults.into_inner())),
    }
}

/// Parts as texts. A list or an object is a part of JSON (the Python SDK); the whole body is signed, so a file part is a
/// parameter like any other, as long as it is text: a module gets JSON, which holds no bytes.
fn parts(sent: &Sent<'_>, limits: &Limits) -> Result<Pairs, Refused> {
    let parts = multipart::parts(sent.bytes, sent.content_type).map_err(Refused::Multipart)?;
    let mut texts: Vec<(String, String)> = Vec::with_capacity(parts.len());
    for part in &parts {
        if is_json(part) {
            let value = json::value(part.value).map_err(refused)?;
            let object: Map<_, _> = [(part.name.to_owned(), value)].into_iter().collect();
            texts.extend(Parameters::flatten(&object));
        } else {
            let text = std::str::from_utf8(part.value)
                .map_err(|_| Refused::BinaryPart(part.name.to_owned()))?;
            texts.push((part.name.to_owned(), text.to_owned()));
        }
    }
    let pairs = texts.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    Pairs::covered(pairs, limits.parameters_max).map_err(Refused::Pairs)
}

fn is_json(part: &Part<'_>) -> bool {
    let essence = part.content_type.and_then(|media| media.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
