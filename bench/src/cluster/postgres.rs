//! A PostgreSQL of a measurement's own, with PostgreSQL's defaults: `fsync` is on, every commit waits for the disk.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::free_port;
use crate::Result;
use crate::process::{Worker, computed};

/// What keeps it, and ends it when its own input ends: the tests' PostgreSQL has the same keeper.
const KEEP: &str = include_str!("../../../xtask/src/checks/keep_cluster.sh");

/// Where its folder is: a disk, where `/tmp` may be memory.
const FOLDER: &str = "/var/tmp";

/// Hundredths of a second are what `/proc` counts in on every Linux that one meets.
const TICKS: f64 = 100.0;

/// A running PostgreSQL. Dropping it, or the death of this process by any signal, stops it and deletes its folder.
pub(crate) struct Postgres {
    keeper: Child,
    programs: PathBuf,
    port: u16,
    /// The process that all others of it are children of.
    main: u32,
}

impl Postgres {
    /// Starts one on a free port of the loopback, which trusts whoever can reach it.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs().ok_or("no PostgreSQL programs on this machine")?;
        let port = free_port()?.port();
        let mut keeper = keeper(&programs, port).spawn()?;
        let mut said = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut said)?;
        }
        if said.is_empty() {
            let mut words = String::new();
            keeper.stderr.take().map(|mut errors| errors.read_to_string(&mut words)).transpose()?;
            keeper.wait()?;
            return Err(format!("PostgreSQL did not start: {words}").into());
        }
        let file = fs::read_to_string(Path::new(said.trim_end()).join("data/postmaster.pid"))?;
        let main = file.lines().next().ok_or("PostgreSQL does not tell its process")?.parse()?;
        Ok(Self { keeper, programs, port, main })
    }

    /// Makes a database; where it is.
    pub(crate) fn make_database(&self, name: &str) -> Result<String> {
        let mut command = Command::new(self.programs.join("createdb"));
        command.args(["--host=127.0.0.1", "--username=parlour", "--port", &self.port.to_string(), name]);
        if !command.stdin(Stdio::null()).status()?.success() {
            return Err(format!("the database {name} could not be made").into());
        }
        Ok(format!("postgres://parlour@127.0.0.1:{}/{name}", self.port))
    }

    /// How many connections a database has now: each is a process that says whom it serves.
    pub(crate) fn connections(&self, name: &str) -> Result<usize> {
        let serving = format!("parlour {name} ");
        let command = |id: &u32| fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let serves = |id: &u32| String::from_utf8_lossy(&command(id)).contains(&serving);
        Ok(self.children()?.iter().filter(|id| serves(id)).count())
    }

    fn children(&self) -> Result<Vec<u32>> {
        let all = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        Ok(all.filter(|id| fields(*id).is_some_and(|fields| fields.parent == self.main)).collect())
    }
}

impl Worker for Postgres {
    /// All processes that are there, and those that have ended.
    fn computed(&self) -> Result<f64> {
        let ended = fields(self.main).ok_or("PostgreSQL is gone")?.ended;
        // One may end between the two looks; its time is then among that of those that have.
        let running: f64 = self.children()?.into_iter().filter_map(|id| computed(id).ok()).sum();
        Ok(computed(self.main)? + ended + running)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It fails only when it has ended already.
        let _ = self.keeper.wait();
    }
}

/// What the system tells of a process.
struct Fields {
    parent: u32,
    /// Seconds that its children have computed that it knows to have ended.
    ended: f64,
}

fn fields(process: u32) -> Option<Fields> {
    parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// A line of `/proc/PID/stat`: what follows the name, which may have anything in it, begins with the state (proc(5)).
fn parse(line: &str) -> Option<Fields> {
    let (_, rest) = line.rsplit_once(") ")?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |place: usize| words.get(place)?.parse::<f64>().ok();
    Some(Fields { parent: words.get(1)?.parse().ok()?, ended: (ticks(13)? + ticks(14)?) / TICKS })
}

/// The shell that owns it, in a process group of its own so that Ctrl-C reaches it only as the end of its input.
/// PostgreSQL refuses to run as root, so root steps down to the user that Debian's package makes.
fn keeper(programs: &Path, port: u16) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["--user", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.args(["-c", KEEP, "keep_cluster"]).arg(programs).arg(port.to_string());
    command.env("TMPDIR", FOLDER).current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("--user").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The folder of `initdb` and its like: Debian keeps them off the path, one folder a version, the newest wanted.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = versions.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok()).max();
    let debian = newest.map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    debian.filter(|folder| folder.join("initdb").is_file()).or_else(|| {
        let found = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
        Some(Path::new(String::from_utf8(found.stdout).ok()?.trim_end()).parent()?.to_path_buf())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_tells_its_parent_and_its_childrens_time() {
        let line = "12 (a) b) S 7 12 12 0 -1 4194560 1 2 3 4 50 60 150 250 20 0 1 0 9 8 7";
        let fields = parse(line).expect("fields");
        assert_eq!((fields.parent, fields.ended.to_bits()), (7, 4.0_f64.to_bits()));
        assert!(parse("12 (a").is_none());
    }
}
