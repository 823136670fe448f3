//! A few connections that everybody reads on at once: what is asked while an answer is awaited goes out with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use cloakroom_store::Error;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::connect::Connector;
use crate::connection::Connection;
use crate::failure::Failure;

/// How many questions may be open on one connection.
const MOST_OPEN: usize = 4096;

/// How long a task that keeps a connection up waits before it looks whether anybody still needs it.
const LOOK_UP: Duration = Duration::from_secs(1);

/// Connections that are shared. Tasks keep them up.
pub(crate) struct Readers {
    slots: Vec<Arc<Slot>>,
    up: Arc<Notify>,
    connector: Arc<Connector>,
    wait: Duration,
}

struct Slot {
    connection: ArcSwapOption<Connection>,
    open: AtomicUsize,
}

impl Readers {
    pub(crate) fn new(connector: Arc<Connector>, connections: usize, wait: Duration) -> Self {
        let up = Arc::new(Notify::new());
        let slot = |_| {
            let slot =
                Arc::new(Slot { connection: ArcSwapOption::empty(), open: AtomicUsize::new(0) });
            tokio::spawn(keep_up(Arc::downgrade(&slot), Arc::clone(&connector), Arc::clone(&up)));
            slot
        };
        Self { slots: (0..connections).map(slot).collect(), up, connector, wait }
    }

    /// The connection with the fewest questions open, as soon as there is one.
    pub(crate) async fn share(&self) -> Result<Share, Error> {
        if let Some(share) = self.now()? {
            return Ok(share);
        }
        let coming = async {
            loop {
                let mut up = std::pin::pin!(self.up.notified());
                up.as_mut().enable();
                if let Some(share) = self.now()? {
                    return Ok(share);
                }
                up.await;
            }
        };
        timeout(self.wait, coming).await.unwrap_or_else(|_| {
            let where_to = self.connector.places();
            Err(Failure::unavailable(format!("no connection to the database at {where_to}")))
        })
    }

    fn now(&self) -> Result<Option<Share>, Error> {
        let mut best: Option<(&Arc<Slot>, Arc<Connection>, usize)> = None;
        for slot in &self.slots {
            let open = slot.open.load(Ordering::Relaxed);
            if best.as_ref().is_some_and(|(.., fewest)| *fewest <= open) {
                continue;
            }
            if let Some(connection) = slot.connection.load_full()
                && !connection.is_gone()
            {
                best = Some((slot, connection, open));
            }
        }
        let Some((slot, connection, open)) = best else { return Ok(None) };
        if open >= MOST_OPEN {
            return Err(Error::Busy);
        }
        slot.open.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Share { connection, slot: Arc::clone(slot) }))
    }
}

async fn keep_up(slot: std::sync::Weak<Slot>, connector: Arc<Connector>, up: Arc<Notify>) {
    loop {
        if slot.strong_count() == 0 {
            return;
        }
        // The connector makes the pauses.
        let Ok(connection) = connector.obtain(LOOK_UP).await else { continue };
        let connection = Arc::new(connection);
        {
            let Some(slot) = slot.upgrade() else { return };
            slot.connection.store(Some(Arc::clone(&connection)));
        }
        up.notify_waiters();
        // Not by holding the connection, which ends with the last one who does.
        let ended = connection.ended();
        drop(connection);
        ended.await;
        let Some(slot) = slot.upgrade() else { return };
        slot.connection.store(None);
    }
}

/// One question's share of a connection.
pub(crate) struct Share {
    connection: Arc<Connection>,
    slot: Arc<Slot>,
}

impl Share {
    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.slot.open.fetch_sub(1, Ordering::Relaxed);
    }
}
