//! `Alarm`: a timer for deadlines that nearly always move further away before they come.
//!
//! Setting a timer of the runtime takes a lock and a place in its wheel, and so does letting go of it. What waits
//! for a peer does both for every call, and hardly ever hears it ring. An alarm stays set for an earlier
//! deadline: it rings too early then, and is set anew, once a period instead of twice a call.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is kept from one deadline to the next.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready once `until` has come; whoever asks is woken then, and sometimes before.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod spec {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_its_deadline_whatever_it_was_set_for_before() {
        let (began, mut alarm) = (Instant::now(), Alarm::default());
        let after = |seconds| began + Duration::from_secs(seconds);
        // Set for each deadline in turn, and left after a second; then waited for.
        for (title, deadlines, rings_after_s) in [
            ("once", &[10][..], 10),
            ("later and later", &[20, 30, 40], 40),
            ("earlier than before", &[90, 50], 50),
            ("one that is past", &[20], 50),
        ] {
            let (last, before) = deadlines.split_last().unwrap();
            for until in before {
                let ring = std::future::poll_fn(|cx| alarm.poll(cx, after(*until)));
                assert!(
                    tokio::time::timeout(Duration::from_secs(1), ring).await.is_err(),
                    "{title}"
                );
            }
            std::future::poll_fn(|cx| alarm.poll(cx, after(*last))).await;
            assert_eq!(began.elapsed().as_secs(), rings_after_s, "{title}");
        }
    }
}
