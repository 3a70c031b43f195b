//! What puts a load on a server, over sockets, with request bytes made beforehand: the server should be the bound.

pub(crate) mod answer;
pub(crate) mod closed;
pub(crate) mod crowd;
pub(crate) mod flood;
pub(crate) mod lane;
pub(crate) mod probe;
pub(crate) mod request;
pub(crate) mod visitor;

use std::future::Future;

use crate::Result;
use crate::cores::Cores;

/// Runs an asynchronous load on one thread of its own, on these cores.
pub(crate) fn drive<T: Send, F>(cores: &Cores, load: impl FnOnce() -> F + Send) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    cores.run(|| tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(load()))
}
