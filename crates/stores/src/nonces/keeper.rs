//! The keeper: the one thread of the nonce store that waits for the disk, so that no call's does.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use faregate_pipeline::facts::StoreDown;
use faregate_pipeline::time::Millis;
use tokio::sync::oneshot;

use super::Shared;
use super::book::Ticket;
use crate::clock;

/// How often it looks after what nobody waits for.
const ROUND: Duration = Duration::from_secs(1);

type Done = oneshot::Sender<Result<(), StoreDown>>;

/// What a call waits for.
#[derive(Debug)]
pub(super) enum Errand {
    /// That everything written so far lasts; if it does not, the claim is unspent.
    Sync(Ticket, Done),
    /// That the key's lead lasts at this stamp.
    Lead(u64, Millis, Done),
}

pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<(Sender<Errand>, JoinHandle<()>)> {
    let (errands, queue) = channel();
    let thread = std::thread::Builder::new().name("nonces".to_owned());
    Ok((errands, thread.spawn(move || run(&shared, &queue))?))
}

fn run(shared: &Shared, queue: &Receiver<Errand>) {
    let mut looked = clock::monotonic();
    loop {
        let first = match queue.recv_timeout(ROUND) {
            Ok(errand) => Some(errand),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // All that wait now are served by one sync: whatever they wrote, they wrote before.
        serve(shared, first.into_iter().chain(queue.try_iter()).collect());
        let now = clock::monotonic();
        if now.duration_since(looked) >= ROUND {
            looked = now;
            round(shared, now);
        }
    }
}

/// What could not be done now is tried again in a second; each of them is safe left undone.
pub(super) fn round(shared: &Shared, now: Instant) {
    drop(shared.heal());
    drop(shared.forget(now));
    drop(shared.prepare());
    drop(shared.beat());
}

fn serve(shared: &Shared, errands: Vec<Errand>) {
    let (mut syncs, mut leads, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    for errand in errands {
        match errand {
            Errand::Sync(ticket, done) => syncs.push((ticket, done)),
            Errand::Lead(key, stamp, done) => {
                leads.push(done);
                marks.push((key, stamp));
            }
        }
    }
    if !leads.is_empty() {
        let outcome = shared.lead(&marks);
        leads.into_iter().for_each(|done| answer(done, &outcome));
    }
    if !syncs.is_empty() {
        let outcome = shared.sync();
        if outcome.is_err() {
            // Nobody was told that it is new, and the same bytes are invited again by a 6200.
            shared.unspend(syncs.iter().map(|(ticket, _)| ticket));
        }
        syncs.into_iter().for_each(|(_, done)| answer(done, &outcome));
    }
}

/// A call that is gone does not hear its answer.
fn answer(done: Done, outcome: &Result<(), StoreDown>) {
    drop(done.send(outcome.clone()));
}
