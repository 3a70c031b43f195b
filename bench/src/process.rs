//! A server in a process of its own, Parlour or a floor: started, looked at from outside, stopped.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// How long a server may take to end when asked; then it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something whose computing can be looked at from outside.
pub(crate) trait Worker: Sync {
    /// How long it has been computing, seconds, all its threads and processes together.
    fn computed(&self) -> Result<f64>;
}

impl Worker for Process {
    fn computed(&self) -> Result<f64> {
        computed(self.child.id())
    }
}

/// A server that accepts. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    started: Instant,
}

/// Everything the server was told on its command line beside its listener and folder.
pub(crate) type Settings<'a> = &'a [(&'a str, &'a str)];

impl Process {
    /// Starts Parlour on a port of the system's choice. Its log goes into its folder, as to an operator's file.
    pub(crate) fn parlour(binary: &Path, folder: &Path, settings: Settings<'_>) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
        for (key, value) in settings {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        let log = folder.join("bench.log");
        command.stderr(File::options().create(true).append(true).open(&log)?);
        Self::start(&mut command).map_err(|fault| {
            let said = fs::read_to_string(&log).unwrap_or_default();
            format!("{}: {fault}\n{said}", binary.display()).into()
        })
    }

    /// Starts this program once more, as a floor.
    pub(crate) fn floor(arguments: &[String]) -> Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).args(arguments))
    }

    /// Starts a server of others that says where it accepts as Parlour does.
    pub(crate) fn stranger(command: &mut Command) -> Result<Self> {
        Self::start(command)
    }

    /// Starts a server of others that will accept at `address`.
    pub(crate) fn stranger_at(command: &mut Command, address: SocketAddr) -> Result<Self> {
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut process = Self { child, address, started };
        while TcpStream::connect(address).is_err() {
            if started.elapsed() > PATIENCE || process.child.try_wait()?.is_some() {
                return Err("it does not accept".into());
            }
            pause(Duration::from_millis(10));
        }
        Ok(process)
    }

    /// Starts a server and waits for the line that says where it accepts.
    fn start(command: &mut Command) -> Result<Self> {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        match address(&mut output) {
            Ok(address) => {
                // A pipe that nobody reads would in the end hold the server up.
                std::thread::spawn(move || io::copy(&mut output, &mut io::sink()));
                Ok(Self { child, address, started })
            }
            Err(fault) => {
                child.kill()?;
                child.wait()?;
                Err(fault)
            }
        }
    }

    /// Where it accepts.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// When it was started: before the system made the process.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// What it has in memory now, MiB.
    pub(crate) fn resident(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        Ok(resident(&status).ok_or("the system does not tell a process's memory")?)
    }

    /// How long its threads have waited for a core that somebody else had, seconds: a quiet machine lets nobody wait.
    pub(crate) fn waited(&self) -> Result<f64> {
        let mut all = 0.0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end between the two looks.
            let times = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            all += waited(&times).unwrap_or(0.0);
        }
        Ok(all)
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.end()
    }

    /// As [`Self::stop`], where what belongs to it is still needed.
    pub(crate) fn end(&mut self) -> Result<()> {
        terminate(&self.child);
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err("the server does not stop".into());
            }
            pause(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long this program has been computing, seconds.
pub(crate) fn computed_here() -> Result<f64> {
    computed(std::process::id())
}

/// Lets time pass, where the passing of time is what is measured.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring threads have nothing else to do, and a runtime's timer is coarser"
)]
pub(crate) fn pause(span: Duration) {
    std::thread::sleep(span);
}

fn address(output: &mut impl BufRead) -> Result<SocketAddr> {
    for line in output.lines() {
        if let Some(address) = address_in(&line?) {
            return Ok(address);
        }
    }
    Err("the server ended before it accepted".into())
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| !(c.is_ascii_hexdigit() || "[].:".contains(c))).unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').parse().ok()
}

/// What the process's own clock says: user and system time of all its threads, also of those that have ended, to the
/// nanosecond, where `/proc` counts hundredths of a second.
#[expect(unsafe_code, reason = "the standard library has no clocks of processes")]
pub(crate) fn computed(process: u32) -> Result<f64> {
    let mut clock = 0;
    // SAFETY: the call fills the local value that it is given a pointer to.
    let found = unsafe { libc::clock_getcpuclockid(libc::pid_t::try_from(process)?, &raw mut clock) };
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: as above.
    if found != 0 || unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Err("the system does not tell a process's time".into());
    }
    Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?).as_secs_f64())
}

/// The second number of `/proc/PID/task/TID/schedstat`: nanoseconds on a run queue.
fn waited(times: &str) -> Option<f64> {
    let nanoseconds = times.split_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds).as_secs_f64())
}

fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[expect(unsafe_code, reason = "the standard library can only kill, and a killed server leaves its log to be replayed")]
fn terminate(child: &Child) {
    if let Ok(id) = libc::pid_t::try_from(child.id()) {
        // SAFETY: the child is not yet waited for, so the number is still its own.
        unsafe { libc::kill(id, libc::SIGTERM) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_line() {
        let found = |line: &str| address_in(line).map(|address| address.to_string());
        assert_eq!(found("listening on http://127.0.0.1:4123").as_deref(), Some("127.0.0.1:4123"));
        assert_eq!(found("open http://[::1]:80/ now").as_deref(), Some("[::1]:80"));
        assert_eq!(found("http://127.0.0.1:80.").as_deref(), Some("127.0.0.1:80"));
        assert_eq!(found("ready"), None);
    }

    #[test]
    fn a_process_is_read_from_outside() {
        let waited = waited("123 1500000000 7\n").expect("a time");
        assert_eq!(waited.to_bits(), 1.5_f64.to_bits());
        let resident = resident("Name:\tx\nVmRSS:\t    2048 kB\nRssAnon:\t 1 kB\n").expect("a size");
        assert_eq!(resident.to_bits(), 2.0_f64.to_bits());
        let before = computed_here().expect("a time");
        assert!(computed_here().expect("a time") > before, "the clock runs while one computes");
    }
}
