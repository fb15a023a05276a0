//! Desks: sessions for what is rare and done by the code of both homes: keys with limits, votes.

use std::sync::{Arc, Mutex, PoisonError};

use faregate_pipeline::facts::StoreDown;
use tokio::sync::Semaphore;

use crate::error::{Fault, broken};
use crate::postgres::{Postgres, within};
use crate::sql::Connection;
use crate::sql::session::Session;

/// How many a gateway has.
const DESKS: usize = 4;

#[derive(Debug)]
pub(super) struct Desks {
    postgres: Arc<Postgres>,
    free: Arc<Mutex<Vec<Session>>>,
    turns: Arc<Semaphore>,
}

impl Desks {
    pub(super) fn new(postgres: &Arc<Postgres>) -> Self {
        let turns = Arc::new(Semaphore::new(DESKS));
        Self { postgres: Arc::clone(postgres), free: Arc::default(), turns }
    }

    /// Waits for a desk and for the work, together as long as a call may wait for the database.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        store: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreDown> {
        within(store, async {
            let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(broken)?;
            let (free, postgres) = (Arc::clone(&self.free), Postgres::clone(&self.postgres));
            let at_desk = move || {
                let desk = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let desk = match desk {
                    Some(desk) => desk,
                    None => Session::new(postgres).map_err(broken)?,
                };
                let done = work(&desk);
                free.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
                // Whoever gave up waiting leaves the desk to nobody before this.
                drop(turn);
                done
            };
            tokio::task::spawn_blocking(at_desk).await.map_err(broken)?
        })
        .await
    }
}
