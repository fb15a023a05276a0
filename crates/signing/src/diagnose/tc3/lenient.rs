//! An `Authorization` header read generously, to find out what its writer meant. Nothing read here authenticates anybody.

use crate::diagnose::Mistake;
use crate::tc3::Authorization;

/// The parts, and the mistake in their spelling.
pub(super) struct Read<'a> {
    pub(super) secret_id: &'a str,
    pub(super) date: &'a str,
    pub(super) service: &'a str,
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
    pub(super) mistake: Option<Mistake>,
}

/// The parts wherever they stand; `None` where one is not there.
pub(super) fn read(header: &str) -> Option<Read<'_>> {
    if header.len() > HEADER_BYTES_MAX {
        return None;
    }
    let credential = part(header, "Credential=")?;
    let signed_headers = part(header, "SignedHeaders=")?;
    let signature = part(header, "Signature=")?;
    let mut scope = credential.split('/');
    let (secret_id, date, service) = (scope.next()?, scope.next()?, scope.next()?);
    let mistake = if signed_headers.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Some(Mistake::HeaderNamesUpperCase)
    } else {
        // A signature in another spelling is the spelling's mistake, not the header's.
        let proper = header.replace(signature, PLACEHOLDER);
        Authorization::parse(&proper).err().map(|_| Mistake::AuthorizationMalformed)
    };
    Some(Read { secret_id, date, service, signed_headers, signature, mistake })
}

/// What follows a name, up to a separator or the end.
fn part<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(name)?;
    let end = rest.find([',', ' ', '"']).unwrap_or(rest.len());
    rest.get(..end).filter(|value| !value.is_empty())
}

const HEADER_BYTES_MAX: usize = 4_096;
/// A signature in its one spelling.
const PLACEHOLDER: &str = "0000000000000000000000000000000000000000000000000000000000000000";
