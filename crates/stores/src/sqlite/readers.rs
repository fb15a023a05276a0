//! Readers: a few connections for point reads on the call path, none of which waits for the writer.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use faregate_pipeline::facts::StoreDown;
use rusqlite::Connection;

use super::{Role, connect};
use crate::error::{Fault, NOT_CARRIED};

/// Connections; a worker that finds all taken waits for one point read, microseconds.
const N_READERS: usize = 4;

#[derive(Debug)]
pub(crate) struct Readers {
    connections: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
}

impl Readers {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let open = |_| connect(path, Role::Reader).map(Mutex::new);
        let connections = (0..N_READERS).map(open).collect::<Result<_, _>>()?;
        Ok(Self { connections, turn: AtomicUsize::new(0) })
    }

    /// Of a home without this database: whatever is asked of it is refused, and says why.
    pub(crate) const fn none() -> Self {
        Self { connections: Vec::new(), turn: AtomicUsize::new(0) }
    }

    /// Runs `read` on a connection that is free, or on the next in turn.
    pub(crate) fn read<T>(
        &self,
        store: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreDown> {
        if self.connections.is_empty() {
            return Err(StoreDown { store, cause: NOT_CARRIED.to_owned() });
        }
        let free = self.connections.iter().find_map(|connection| connection.try_lock().ok());
        let connection = match free {
            Some(connection) => connection,
            None => {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed) % N_READERS;
                let gone = || StoreDown { store, cause: "a reader panicked".to_owned() };
                let connection = self.connections.get(turn).ok_or_else(gone)?;
                connection.lock().map_err(|_| gone())?
            }
        };
        read(&connection).map_err(|fault| fault.down(store))
    }
}
