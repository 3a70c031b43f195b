//! What runs beside the requests: the mail worker, the watch over what other processes changed, housekeeping.

use parlour_model::RoomName;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::{Error, Result, control, housekeeping, live, mail};

/// What runs beside the requests, until it is told to stop.
pub struct Background(Vec<JoinHandle<()>>);

impl App {
    /// Starts what runs beside the requests: the mail worker, the watch over what other processes changed, housekeeping.
    ///
    /// # Errors
    /// The mail server's URL cannot be read, or the store is away.
    pub async fn start_background(&self) -> Result<Background> {
        let head = self.store.control_head().await?;
        // They were read when the application was opened, and may have been changed before this line of the log.
        self.renew_keys().await?;
        self.live.hub().control_heeded(head.seq);
        self.store.ensure_room(RoomName::lobby(), self.now()).await?;
        let transport = mail::transport::Transport::read(&self.settings.mail);
        let transport = transport.map_err(|bad| Error::internal(format!("the mail setting {bad:?} cannot be read")))?;
        Ok(Background(vec![
            tokio::spawn(mail::worker::run(self.clone(), transport)),
            tokio::spawn(control::watch(self.clone(), head)),
            tokio::spawn(housekeeping::run(self.clone())),
            tokio::spawn(live::index::follow(self.clone())),
            tokio::spawn(live::settle::settle(self.clone())),
        ]))
    }

    /// Stops what runs beside the requests and waits for it.
    pub async fn stop_background(&self, background: Background) {
        self.stop.send_replace(true);
        for task in background.0 {
            // A task that panicked is over as well.
            drop(task.await);
        }
    }
}
