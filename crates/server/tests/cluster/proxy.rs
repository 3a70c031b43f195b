//! A way between two parts that can be cut.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A port that leads to another. Dropping it cuts it for good.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    is_cut: Arc<watch::Sender<bool>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let is_cut = Arc::new(watch::Sender::new(false));
        let there = SocketAddr::from(([127, 0, 0, 1], port));
        let accepting = tokio::spawn(accept(listener, there, Arc::clone(&is_cut)));
        Self { port: own, is_cut, accepting }
    }

    /// Breaks every connection and lets none through, or lets them through again.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut(true);
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, there: SocketAddr, is_cut: Arc<watch::Sender<bool>>) {
    while let Ok((mut here, _)) = listener.accept().await {
        let mut cut = is_cut.subscribe();
        tokio::spawn(async move {
            if *cut.borrow_and_update() {
                return;
            }
            let passing = async {
                if let Ok(mut there) = TcpStream::connect(there).await {
                    // However it ends, both sides see it.
                    let _ = copy_bidirectional(&mut here, &mut there).await;
                }
            };
            select! {
                () = passing => {}
                _ = cut.wait_for(|is_cut| *is_cut) => {}
            }
        });
    }
}
