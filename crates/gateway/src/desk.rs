//! `Desk`: where a worker's driver stands, so that another can take its place between two calls.
//!
//! Connections know the desk, calls know the driver: a connection that stays open for hours is served by whatever
//! was loaded last, and a call that has begun ends under what it began with.

use std::sync::{Arc, Mutex, PoisonError};

use crate::driver::Driver;

/// One worker's. The lock is its worker's own, but for the moment of a reload.
#[derive(Debug)]
pub(crate) struct Desk(Mutex<Arc<Driver>>);

impl Desk {
    pub(crate) fn new(driver: Arc<Driver>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(driver)))
    }

    /// Who takes the next call.
    pub(crate) fn driver(&self) -> Arc<Driver> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another takes its place; calls under way keep the one before.
    pub(crate) fn seat(&self, driver: Arc<Driver>) {
        let before = {
            let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *place, driver)
        };
        // A whole catalog may go with it: not under the lock.
        drop(before);
    }
}
