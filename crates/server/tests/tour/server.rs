//! The server that the tour talks to: the real binary, in a folder of its own, on a free port.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What is not as a fresh server has it: how long things take and what is logged, nothing that the tour prints.
const QUICK: [&str; 3] = ["password.hash=small", "chat.leave_grace_seconds=1", "log.level=warn"];

/// A folder that goes when the test ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tour-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in the build folder and goes with it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server that accepts.
pub(crate) struct Parlour {
    pub(crate) address: String,
    process: Child,
    /// Kept open: a server that cannot say a line has a broken pipe.
    _output: BufReader<ChildStdout>,
}

impl Parlour {
    pub(crate) fn start(folder: &Folder) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
        command.args(["--listen", "127.0.0.1:0"]).args(QUICK.iter().flat_map(|setting| ["--set", setting]));
        let mut process = command.current_dir(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit_once("http://").expect("the first line says the address").1.to_owned();
        Self { address, process, _output: output }
    }
}

impl Drop for Parlour {
    fn drop(&mut self) {
        // It may be gone already; the test has failed then and says why.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
