//! A private NATS server for one step of the tests: on its own port, gone when its owner is.

use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts the server, says so when it is ready, and ends it when its own input ends, however that comes about.
const KEEP: &str = r#"
log=$(mktemp)
"$1" --addr 127.0.0.1 --port "$2" --log "$log" &
server=$!
trap 'kill $server; wait $server; rm -f "$log"' EXIT
until grep --quiet "Server is ready" "$log"; do kill -0 $server && sleep 0.05 || exit 1; done
echo ready
cat >/dev/null
"#;

/// A running NATS server. Dropping it, or the death of this process by any signal, stops it.
pub(crate) struct Broker {
    keeper: Child,
    port: u16,
}

impl Broker {
    /// Starts `program` and waits until it accepts connections.
    pub(crate) fn start(program: &Path) -> io::Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEP, "keep_broker"]).arg(program).arg(port.to_string()).process_group(0);
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = keeper.spawn()?;
        let mut said = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut said)?;
        }
        let broker = Self { keeper, port };
        if said.is_empty() { Err(io::Error::other("NATS did not start")) } else { Ok(broker) }
    }

    /// Where it is: `nats://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("the NATS of the tests: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::tools;
    use std::net::TcpStream;

    #[test]
    fn a_broker_listens_while_it_is_held() {
        let program = tools::nats_server().expect("nats-server is installed (`cargo xtask test` does it)");
        let broker = Broker::start(&program).expect("it starts");
        let address = ("127.0.0.1", broker.port);
        TcpStream::connect(address).expect("it accepts connections");
        drop(broker);
        assert!(TcpStream::connect(address).is_err(), "it outlived its owner");
    }
}
