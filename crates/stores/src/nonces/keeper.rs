//! The keeper: the one thread of the nonce store that waits for the disk, so that no call's does.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use faregate_pipeline::facts::StoreDown;
use faregate_pipeline::time::Millis;
use tokio::sync::oneshot;

use super::Shared;
use crate::clock;

/// How often expiry is looked at.
const ROUND: Duration = Duration::from_secs(1);

type Done = oneshot::Sender<Result<(), StoreDown>>;

/// What a call waits for.
#[derive(Debug)]
pub(super) enum Errand {
    /// That everything written so far lasts.
    Sync(Done),
    /// That the high-water mark lasts at this stamp.
    Raise(Millis, Done),
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
            // What could not be forgotten now is tried again in a second; keeping it is safe.
            drop(shared.forget(now));
        }
    }
}

fn serve(shared: &Shared, errands: Vec<Errand>) {
    let (mut syncs, mut raises, mut mark) = (Vec::new(), Vec::new(), None);
    for errand in errands {
        match errand {
            Errand::Sync(done) => syncs.push(done),
            Errand::Raise(stamp, done) => {
                raises.push(done);
                mark = mark.max(Some(stamp));
            }
        }
    }
    if let Some(mark) = mark {
        answer(raises, &shared.raise(mark));
    }
    if !syncs.is_empty() {
        answer(syncs, &shared.sync());
    }
}

/// A call that is gone does not hear its answer.
fn answer(waiting: Vec<Done>, outcome: &Result<(), StoreDown>) {
    for done in waiting {
        drop(done.send(outcome.clone()));
    }
}
