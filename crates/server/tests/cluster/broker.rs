//! A NATS server of a test's own.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::http::PATIENCE;
use crate::process::free_port;

/// A running server. Dropping it kills it.
pub(crate) struct Broker {
    server: Option<Child>,
    pub(crate) port: u16,
}

#[expect(clippy::disallowed_methods, reason = "the test run says where NATS is, and no server is configured here")]
fn program() -> String {
    std::env::var("PARLOUR_TEST_NATS")
        .expect("PARLOUR_TEST_NATS is missing: it names the program nats-server; `cargo xtask test` sets it")
}

impl Broker {
    pub(crate) async fn start() -> Self {
        let mut broker = Self { server: None, port: free_port() };
        broker.run().await;
        broker
    }

    /// Runs it, on the port that it had before.
    pub(crate) async fn run(&mut self) {
        let mut command = Command::new(program());
        command.args(["--addr", "127.0.0.1", "--port", &self.port.to_string()]);
        self.server = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let accepting = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                // sleep: polls what another process does.
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, accepting).await.expect("NATS does not start");
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}
