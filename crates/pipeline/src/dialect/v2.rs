//! The signature among the parameters: v2, v2 with `Version`, and API 3.0's v1 on `/` (PROTOCOL 1 and 3.1).

use faregate_signing::multipart;

use super::{Input, Media, Sent};
use crate::parameters::{Common, Limits, Pairs, Refused};

/// Reads a query, a form or a multipart body. `needs_version`: API 3.0 has no call without a `Version`.
pub(super) fn read(
    sent: &Sent<'_>,
    needs_version: bool,
    limits: &Limits,
) -> Result<(Input, Common), Refused> {
    let (pairs, files) = match sent.media {
        Media::Multipart => parts(sent, limits)?,
        Media::Form | Media::Json => {
            (Pairs::parse(sent.bytes, limits.parameters_max).map_err(Refused::Pairs)?, Vec::new())
        }
    };
    let common = Common::read(&pairs, needs_version).map_err(Refused::Fields)?;
    Ok((Input::Mixed { pairs, files }, common))
}

/// Parameters are ordinary parts, UTF-8 and not percent-encoded; file parts are no parameters (PROTOCOL 1.1).
fn parts(sent: &Sent<'_>, limits: &Limits) -> Result<(Pairs, Vec<String>), Refused> {
    let parts = multipart::parts(sent.bytes, sent.content_type).map_err(Refused::Multipart)?;
    let (files, texts): (Vec<_>, Vec<_>) = parts.iter().partition(|part| part.file);
    let pairs = texts.iter().map(|part| (part.name.as_bytes(), part.value));
    let pairs = Pairs::of(pairs, limits.parameters_max).map_err(Refused::Pairs)?;
    Ok((pairs, files.iter().map(|part| part.name.to_owned()).collect()))
}
