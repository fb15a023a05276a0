//! Notices when somebody sets the machine's clock: each second its wall time is compared with its monotonic time.
//!
//! Stamps are judged by the wall clock, so a step makes good signatures old, or old ones good again. Spent nonces outlast
//! it (they are forgotten by both clocks), but whoever wonders about many a 4200 must be able to find the cause.

use std::sync::Arc;
use std::time::Duration;

use faregate_pipeline::time::Millis;
use tokio::sync::watch;

use crate::clock;
use crate::shared::Shared;

/// How often the clocks are compared.
const EVERY: Duration = Duration::from_secs(1);
/// What NTP slews in a second is far below, what it steps is above (RELIABILITY 2).
const STEP_MS: i64 = 1_000;

/// The clocks as they were when they last agreed.
#[derive(Debug)]
struct Steps {
    wall: Millis,
    monotonic: Duration,
    n_steps: u64,
}

impl Steps {
    /// How far the wall clock was set since the last look, if it was.
    fn look(&mut self, wall: Millis, monotonic: Duration) -> Option<i64> {
        let ran = monotonic.saturating_sub(self.monotonic).as_millis();
        let step_ms = wall.since(self.wall).saturating_sub(i64::try_from(ran).unwrap_or(i64::MAX));
        // Small differences are taken over as they come: slewing is not a step, however long it takes.
        (self.wall, self.monotonic) = (wall, monotonic);
        let stepped = step_ms.saturating_abs() > STEP_MS;
        self.n_steps += u64::from(stepped);
        stepped.then_some(step_ms)
    }
}

/// Logs and counts the steps until the gateway is told to stop.
pub(crate) async fn watch(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let monotonic = shared.clock.monotonic();
    let mut steps = Steps { wall: clock::machine(), monotonic, n_steps: 0 };
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let wall = clock::machine();
        if let Some(step_ms) = steps.look(wall, shared.clock.monotonic()) {
            shared.log.clock_step(wall, step_ms, steps.n_steps);
        }
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_step_is_told_from_slewing() {
        let s = Duration::from_secs;
        let start = Millis::new(1_500_000_000_000);
        let mut steps = Steps { wall: start, monotonic: s(10), n_steps: 0 };
        for (title, wall_ms, monotonic, step) in [
            ("a second later", 1_000, s(11), None),
            ("slewed", 2_400, s(12), None),
            ("again", 3_800, s(13), None),
            ("an hour ahead", 3_604_800, s(14), Some(3_600_000)),
            ("a second later", 3_605_800, s(15), None),
            ("a day back", 3_606_800 - 86_400_000, s(16), Some(-86_400_000)),
        ] {
            assert_eq!(steps.look(start.plus(wall_ms), monotonic), step, "{title}");
        }
        assert_eq!(steps.n_steps, 2);
    }
}
