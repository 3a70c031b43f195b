//! The programs beyond Rust that the checks use: which, why, and how they come onto a machine.

use std::path::PathBuf;
use std::process::Command;

use super::machine::{is_root, on_path};
use super::postgres;
use super::step::{Log, Outcome};

/// A program that a step needs.
struct Tool {
    /// Debian's name for the package.
    package: &'static str,
    /// Which step uses it, and for what.
    reason: &'static str,
    /// Where it is installed, if it is.
    find: fn() -> Option<PathBuf>,
}

const TOOLS: [Tool; 6] = [
    Tool {
        package: "postgresql",
        reason: "the store's tests run on PostgreSQL as well as on SQLite",
        find: postgres::binaries,
    },
    Tool {
        package: "pgbouncer",
        reason: "the store's tests run behind a pooler, too",
        // Debian keeps it where only root looks.
        find: || {
            on_path("pgbouncer").or_else(|| Some(PathBuf::from("/usr/sbin/pgbouncer")).filter(|path| path.is_file()))
        },
    },
    Tool { package: "nats-server", reason: "the hub's tests run several nodes over a real bus", find: nats_server },
    Tool { package: "chromium", reason: "the browser tests drive a real browser", find: chromium },
    Tool {
        package: "nodejs",
        reason: "the browser tests are written for Node's own test runner",
        find: || on_path("node"),
    },
    Tool { package: "npm", reason: "it fetches what the browser tests' lock file names", find: || on_path("npm") },
];

/// Debian keeps it among the programs of the system, which are on root's path only.
pub(crate) fn nats_server() -> Option<PathBuf> {
    on_path("nats-server").or_else(|| Some(PathBuf::from("/usr/sbin/nats-server")).filter(|file| file.is_file()))
}

/// Debian's Chromium, under any of its usual names.
pub(crate) fn chromium() -> Option<PathBuf> {
    on_path("chromium").or_else(|| on_path("chromium-browser"))
}

/// Installs what is missing where that is ours to do (Debian, as root); elsewhere names it and fails.
pub(crate) fn install_missing(log: &Log) -> Outcome {
    if missing().is_empty() {
        return Outcome::passed();
    }
    if is_root() && on_path("apt-get").is_some() {
        let packages: Vec<&str> = missing().iter().map(|tool| tool.package).collect();
        println!("   installing {}", packages.join(", "));
        let installed = apt_get(log, &["update"]).and_then(|()| {
            apt_get(log, &[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat())
        });
        if let Err(outcome) = installed {
            return outcome;
        }
    }
    verdict(&missing())
}

fn missing() -> Vec<Tool> {
    TOOLS.into_iter().filter(|tool| (tool.find)().is_none()).collect()
}

fn verdict(missing: &[Tool]) -> Outcome {
    if missing.is_empty() {
        return Outcome::passed();
    }
    let lines = missing.iter().map(|tool| format!("missing: {} ({})\n", tool.package, tool.reason));
    Outcome::failed(format!(
        "{}These are Debian's package names; `cargo xtask test` installs them itself there, as root.",
        lines.collect::<String>()
    ))
}

fn apt_get(log: &Log, arguments: &[&str]) -> Result<(), Outcome> {
    let outcome = log.run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"));
    if outcome.failed == 0 { Ok(()) } else { Err(outcome) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_named_with_its_reason_and_fails() {
        let outcome = verdict(&TOOLS);
        assert_eq!(outcome.failed, 1);
        for tool in TOOLS {
            assert!(outcome.output.contains(&format!("{} ({})", tool.package, tool.reason)));
        }
        assert_eq!(verdict(&[]), Outcome::passed());
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(on_path("cargo").is_some());
        assert!(on_path("no-such-program-anywhere").is_none());
    }
}
