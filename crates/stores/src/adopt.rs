//! A data folder that came from elsewhere or from the past, taken over on purpose.
//!
//! What it remembers of Nonces is not believed: calls were accepted after it was copied, and nobody here knows which. So it
//! starts with none, behind a fence. How far ahead of the clock the fence stands, the operator says: as far as some
//! client's clock was, whose calls were accepted with stamps of the future.

use std::path::Path;

use faregate_pipeline::time::Millis;

use crate::error::OpenError;
use crate::home::Home;
use crate::nonces;

/// Takes over a data folder: every call stamped at or before the answer will be refused with 4200, and none of them
/// was ever accepted after it. Money, accounts and objects are as they are.
///
/// # Errors
/// There is none, or a gateway is running on it.
pub fn adopt(data: &Path, clients_ahead_ms: i64, now: Millis) -> Result<Millis, OpenError> {
    let home = Home::at(data);
    if !home.database().exists() {
        return Err(OpenError::NoStore(data.to_owned()));
    }
    let _lock = home.lock()?;
    let (vault, _) = home.open(now)?;
    let fence = now.plus(clients_ahead_ms.max(0));
    let replaced = nonces::recovery::replace(&home.nonces(), vault.store_id(), now, fence);
    replaced.map_err(OpenError::io(&home.nonces()))?;
    Ok(fence)
}
