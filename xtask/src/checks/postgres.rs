//! A private PostgreSQL for one run of the tests: its own folder and port, gone when its owner is.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::machine;

/// A running cluster. Dropping it, or the death of this process by any signal, stops it and deletes its folder.
pub(crate) struct Cluster {
    keeper: Child,
    url: String,
    folder: PathBuf,
}

impl Cluster {
    /// Starts a cluster on a free loopback port with PostgreSQL's own defaults (so with `fsync`), trusting
    /// everyone who can reach it, and waits until it accepts connections.
    pub(crate) fn start() -> io::Result<Self> {
        let binaries = binaries().ok_or_else(|| io::Error::other("no PostgreSQL programs on this machine"))?;
        let port = free_port()?;
        let mut keeper = keeper(&binaries, port).spawn()?;
        let mut said = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut said)?;
        }
        if said.is_empty() {
            return Err(io::Error::other(last_words(keeper)));
        }
        let url = format!("postgres://parlour@127.0.0.1:{port}/postgres");
        Ok(Self { keeper, url, folder: PathBuf::from(said.trim_end()) })
    }

    /// Its address as a superuser, who may create databases: `postgres://parlour@127.0.0.1:<port>/postgres`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("the PostgreSQL of the tests: {error}");
        }
        if self.folder.exists() {
            eprintln!("the PostgreSQL of the tests left {} behind", self.folder.display());
        }
    }
}

/// The shell that owns the cluster, in a process group of its own so that Ctrl-C reaches it only as the end of its
/// input. PostgreSQL refuses to run as root, so root steps down to the user that Debian's package makes.
fn keeper(binaries: &Path, port: u16) -> Command {
    let mut command = if machine::is_root() {
        let mut command = Command::new("runuser");
        command.args(["--user", "postgres", "--", "sh"]);
        // Root's own temporary folder may be closed to that user.
        command.env_remove("TMPDIR");
        command
    } else {
        Command::new("sh")
    };
    command.args(["-c", include_str!("keep_cluster.sh"), "keep_cluster"]);
    command.arg(binaries).arg(port.to_string());
    command.current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn last_words(mut keeper: Child) -> String {
    let mut words = String::new();
    if let Some(mut errors) = keeper.stderr.take() {
        // What cannot be read is only an explanation that is missing; the failure is reported all the same.
        let _ = errors.read_to_string(&mut words);
    }
    let _ = keeper.wait();
    format!("PostgreSQL did not start:\n{words}")
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The folder of `initdb` and `pg_ctl`: Debian keeps them off the path, one folder per version, newest wanted.
pub(crate) fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut numbers: Vec<u32> = versions.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    let debian = numbers
        .into_iter()
        .rev()
        .map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")))
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file());
    debian.or_else(|| Some(machine::on_path("initdb")?.parent()?.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    fn address(cluster: &Cluster) -> String {
        let address = cluster.url().strip_prefix("postgres://parlour@").expect("our own form");
        address.trim_end_matches("/postgres").to_owned()
    }

    #[test]
    fn a_cluster_answers_while_it_is_held_and_leaves_nothing_behind() {
        let cluster = Cluster::start().expect("PostgreSQL is installed (`cargo xtask test` does it)");
        let (address, folder) = (address(&cluster), cluster.folder.clone());
        TcpStream::connect(&address).expect("the cluster accepts connections");
        assert!(folder.is_dir());
        drop(cluster);
        assert!(TcpStream::connect(&address).is_err(), "the cluster outlived its owner");
        assert!(!folder.exists(), "the folder outlived its owner");
    }
}
