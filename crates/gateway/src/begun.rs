//! `Begun`: a future that goes on by itself when whoever waits for it goes away.
//!
//! A task of its own from the start would do the same, for the price of moving every call into a task and
//! waking two tasks for each answer. Clients that go away are few: only they pay.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// What a panic carried.
type Panic = Box<dyn Any + Send>;

/// A future that was begun and will be ended.
#[derive(Debug)]
pub(crate) struct Begun<F>(Option<Pin<Box<F>>>)
where
    F: Future<Output: Send> + Send + 'static;

impl<F> Begun<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// Boxed at once: it may move to a task later, and its waiter stays small.
    pub(crate) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F> Future for Begun<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    type Output = Result<F::Output, Panic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // A future that has ended, or panicked, is not polled again and not sent on.
        let Some(mut future) = self.0.take() else { return Poll::Pending };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => {
                self.0 = Some(future);
                Poll::Pending
            }
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

impl<F> Drop for Begun<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    fn drop(&mut self) {
        // Without a runtime the gateway itself has ended; what the future holds is told by its own drop.
        if let (Some(future), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(future);
        }
    }
}

#[cfg(test)]
mod spec {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::Notify;
    use tokio::time::timeout;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn what_was_begun_goes_on_when_its_waiter_goes_away() {
        let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (may, tells) = (Arc::clone(&go), Arc::clone(&done));
        let begun = Begun::new(async move {
            may.notified().await;
            tells.notify_one();
        });
        assert!(timeout(Duration::from_secs(1), begun).await.is_err(), "the waiter went away");
        go.notify_one();
        timeout(LONG, done.notified()).await.expect("it goes on");
    }

    #[tokio::test]
    async fn an_end_and_a_panic_are_told_to_the_waiter() {
        assert_eq!(Begun::new(async { 7 }).await.unwrap(), 7);
        let died = Begun::new(async { std::panic::panic_any("said") }).await;
        assert_eq!(died.map(|(): ()| "lived").unwrap_err().downcast_ref(), Some(&"said"));
    }
}
