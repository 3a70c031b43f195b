//! A PostgreSQL of a test's own, which can be stopped, killed, put back and stood by.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Folder, free_port, shell};

/// A server with its own defaults (so with `fsync`). It ends with the test.
pub(crate) struct OwnPostgres {
    folder: Folder,
    binaries: PathBuf,
    pub(crate) port: u16,
}

impl OwnPostgres {
    pub(crate) fn start() -> Self {
        let postgres = Self::founded();
        let fresh = ["--auth=trust", "--username=parlour", "--no-sync", "--encoding=UTF8", "--locale=C"];
        postgres.run("initdb", &fresh);
        postgres.begin();
        postgres
    }

    /// A copy that follows this one from now on, and may take over. What is committed here waits for it.
    pub(crate) fn standby(&self) -> Self {
        let standby = Self::founded();
        let from = format!("--dbname=host=127.0.0.1 port={} user=parlour", self.port);
        standby.run("pg_basebackup", &[&from, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        standby.begin();
        self.script("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.run("pg_ctl", &["reload"]);
        while self.script("SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1" {
            std::thread::yield_now();
        }
        standby
    }

    /// Takes over from the one that it followed.
    pub(crate) fn promote(&self) {
        self.run("pg_ctl", &["--wait", "promote"]);
    }

    pub(crate) fn begin(&self) {
        let sockets = self.folder.file("").display().to_string();
        let options = format!("--options=-p {} -k {sockets} -c listen_addresses=127.0.0.1", self.port);
        let log = format!("--log={sockets}/log");
        self.run("pg_ctl", &["--wait", &options, &log, "start"]);
    }

    /// As a crash would have it: nobody is told, nothing is finished.
    pub(crate) fn crash(&self) {
        self.run("pg_ctl", &["--wait", "--mode=immediate", "stop"]);
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        let process = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        shell(&format!("kill -KILL {}", process.lines().next().unwrap()));
    }

    /// Stops in order, has its data copied, and goes on.
    pub(crate) fn copy(&self) {
        self.stop();
        shell(&format!("cp -a {} {}", self.data().display(), self.folder.file("copy").display()));
        self.begin();
    }

    /// Stops, and goes on with the data as they were copied.
    pub(crate) fn put_back(&self) {
        self.stop();
        let (data, copy) = (self.data(), self.folder.file("copy"));
        shell(&format!("rm -r {0} && mv {1} {0}", data.display(), copy.display()));
        self.begin();
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://parlour@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn setting(&self) -> String {
        format!("database.url={}", self.url())
    }

    /// What a script says, past the servers.
    pub(crate) fn script(&self, script: &str) -> String {
        let url = self.url();
        let mut command = Command::new(self.binaries.join("psql"));
        let done = command.args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", script, &url]).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// An empty place for one.
    fn founded() -> Self {
        let founded = Self { folder: Folder::new(), binaries: binaries(), port: free_port() };
        if let Some((user, group)) = stepped_down() {
            chown(founded.folder.file(""), Some(user), Some(group)).unwrap();
        }
        founded
    }

    fn stop(&self) {
        self.run("pg_ctl", &["--wait", "--mode=fast", "stop"]);
    }

    fn data(&self) -> PathBuf {
        self.folder.file("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        // Into a file: what is started would hold a pipe open.
        let said = fs::File::create(self.folder.file(program)).unwrap();
        let mut command = command(&self.binaries, program, &self.data());
        command.args(arguments).stdout(said.try_clone().unwrap()).stderr(said);
        let status = command.status().unwrap();
        assert!(status.success(), "{program}: {:?}", fs::read_to_string(self.folder.file(program)));
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        let _ = command(&self.binaries, "pg_ctl", &self.data()).args(["--mode=immediate", "stop"]).output();
    }
}

fn command(binaries: &Path, program: &str, data: &Path) -> Command {
    let mut command = Command::new(binaries.join(program));
    command.arg(format!("--pgdata={}", data.display())).current_dir("/");
    if let Some((user, group)) = stepped_down() {
        command.uid(user).gid(group);
    }
    command
}

/// Where `initdb` is: Debian keeps it off the path, in one folder a version.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file()).max();
    newest.unwrap_or_else(|| {
        let found = Command::new("sh").args(["-c", "command -v initdb"]).output().unwrap();
        PathBuf::from(String::from_utf8(found.stdout).unwrap().trim()).parent().expect("PostgreSQL is installed").into()
    })
}

/// The user and the group that root's PostgreSQL runs as: it refuses to run as root.
fn stepped_down() -> Option<(u32, u32)> {
    let number = |arguments: &[&str]| -> u32 {
        let said = Command::new("id").args(arguments).output().unwrap().stdout;
        String::from_utf8(said).unwrap().trim().parse().expect("the user postgres")
    };
    (number(&["-u"]) == 0).then(|| (number(&["-u", "postgres"]), number(&["-g", "postgres"])))
}
