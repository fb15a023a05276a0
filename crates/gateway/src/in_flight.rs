//! How many calls a worker has under way: beyond its limit a call is turned away before it is looked at.
//!
//! Under overload, work that is begun and not ended in time is work for nothing; the cheapest refusal keeps the
//! rest going. A place follows its call into the task that it is sent in, so that a client who goes away does not
//! make room for another upstream call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The calls of one worker. Counted with atomics only because futures are `Send`; nobody else counts along.
#[derive(Debug, Default)]
pub(crate) struct InFlight(AtomicUsize);

/// One call's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<InFlight>);

impl InFlight {
    /// A place, unless all are taken.
    pub(crate) fn enter(self: &Arc<Self>, calls_max: usize) -> Option<Place> {
        if self.0.load(Ordering::Relaxed) >= calls_max {
            return None;
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(Place(Arc::clone(self)))
    }
}

impl InFlight {
    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(u64::MAX)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn places_are_as_many_as_calls_in_flight_max_and_come_back() {
        let calls = Arc::new(InFlight::default());
        let mut places = [calls.enter(2), calls.enter(2)];
        assert!(places.iter().all(Option::is_some));
        assert!(calls.enter(2).is_none(), "two at once");
        places[0] = None;
        assert!(calls.enter(2).is_some(), "one came back");
    }
}
