//! What is measured, where, and how thoroughly.

use std::path::PathBuf;
use std::time::Duration;

use crate::Result;
use crate::cores::Cores;

/// What is measured, where, and how thoroughly.
pub(crate) struct Plan {
    /// The server's binary.
    pub(crate) server: PathBuf,
    /// The cores there are.
    pub(crate) cores: Cores,
    quick: bool,
}

impl Plan {
    /// A plan for `server`, or for the binary that lies beside this program.
    pub(crate) fn new(server: Option<PathBuf>, quick: bool) -> Result<Self> {
        let beside = || std::env::current_exe().map(|program| program.with_file_name("parlour"));
        let server = server.map_or_else(beside, Ok)?;
        if !server.is_file() {
            return Err(format!("{} is not there: build the server in release first", server.display()).into());
        }
        Ok(Self { server, cores: Cores::given()?, quick })
    }

    /// How many rounds, of which the median counts.
    pub(crate) fn rounds(&self, whole: usize) -> usize {
        if self.quick { 1 } else { whole }
    }

    /// How long a round counts.
    pub(crate) fn window(&self, seconds: u64) -> Duration {
        let whole = Duration::from_secs(seconds);
        if self.quick { whole / 4 } else { whole }
    }
}
