//! Looking after calls in doubt: a thread of its own, in rounds, with growing pauses.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use faregate_contract::RequestId;
use tokio::sync::watch;

use super::Wish;
use crate::desk::Desk;
use crate::driver::Driver;
use crate::reload::Control;

/// How often the ledger is looked at.
const ROUND: Duration = Duration::from_secs(1);

/// The longest pause between two questions about one call.
const PAUSE_MS_MAX: i64 = 60_000;

/// Starts the thread that looks after calls in doubt until the gateway stops.
pub(crate) fn start(
    control: &Arc<Control>,
    stop: &watch::Receiver<bool>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let (control, mut stop) = (Arc::clone(control), stop.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("doubts".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let desk = Desk::new(Driver::new(control.shared()));
            control.seat(&desk);
            let mut pauses = HashMap::new();
            loop {
                look(&desk.driver(), &mut pauses).await;
                tokio::select! {
                    // Told to stop, or nobody is left to tell.
                    _ = stop.changed() => return,
                    () = tokio::time::sleep(ROUND) => {}
                }
            }
        });
    })
}

/// How long to wait before a call is asked about again, and since when.
type Pauses = HashMap<RequestId, (i64, i64)>;

async fn look(driver: &Driver, pauses: &mut Pauses) {
    // Books that cannot be read are looked at again in the next round.
    let Ok(doubts) = driver.shared.stores.doubts().await else { return };
    let Ok(returns) = driver.shared.stores.doubted_returns().await else { return };
    let all = doubts.iter().map(|doubt| doubt.hold.request_id);
    let all: Vec<_> = all.chain(returns.iter().map(|order| order.request_id)).collect();
    pauses.retain(|id, _| all.contains(id));
    // A return in doubt holds nothing: it is sent again until the module says whether it was done.
    for order in returns {
        if is_due(pauses, order.request_id, driver) {
            driver.find_out(&order, Wish::Know).await;
        }
    }
    for doubt in doubts {
        if !is_due(pauses, doubt.hold.request_id, driver) {
            continue;
        }
        let now = driver.shared.clock.now();
        let known = match &doubt.order {
            Some(order) => driver.find_out(order, Wish::Know).await,
            None => false,
        };
        let waited = now.since(doubt.hold.at);
        if !known && waited >= driver.shared.config.in_doubt_s.saturating_mul(1000) {
            driver.give_up(&doubt).await;
        }
    }
}

/// Is it time to ask about a call; if it is, the next time is later.
fn is_due(pauses: &mut Pauses, id: RequestId, driver: &Driver) -> bool {
    let now = driver.shared.clock.now().as_ms();
    let (pause_ms, since) = pauses.get(&id).copied().unwrap_or((0, 0));
    let due = now.saturating_sub(since) >= pause_ms;
    if due {
        pauses.insert(id, (pause_ms.saturating_mul(2).clamp(1_000, PAUSE_MS_MAX), now));
    }
    due
}
