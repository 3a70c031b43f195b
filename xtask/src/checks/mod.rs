//! `cargo xtask test`: every check, in one order, none skipped, and one last line that says how it went.

mod broker;
mod browser;
mod count;
mod machine;
mod postgres;
mod report;
mod step;
mod tools;

use std::process::{Command, ExitCode};

use crate::repository::Repository;
use crate::tidy;
use broker::Broker;
use postgres::Cluster;
use report::Report;
use step::{Log, Outcome};

/// The environment variable by which tests find the PostgreSQL server that they may fill and empty.
const TEST_POSTGRES: &str = "PARLOUR_TEST_POSTGRES";

/// The environment variable by which tests find the program of a NATS server, which they start themselves.
const TEST_NATS: &str = "PARLOUR_TEST_NATS";

/// The environment variable that says on what the contracts are proven: one node on SQLite, unless it is `postgres`, or
/// `two-nodes` on PostgreSQL.
const TEST_ON: &str = "PARLOUR_TEST_ON";

/// The environment variable by which two nodes find the NATS that they hear one another through.
const TEST_BUS: &str = "PARLOUR_TEST_BUS";

/// Runs every step, also after one has failed: one run tells all there is to mend. The quickest come first.
pub(crate) fn run(repository: &Repository) -> ExitCode {
    let mut report = Report::new(repository);
    report.step("format", |log| {
        // rustfmt colours a difference even in a file.
        let look = ["fmt", "--all", "--check", "--", "--color", "never"];
        log.run(&mut cargo(repository, &look))
    });
    report.step("tidy", |_| tidied(repository));
    report.step("tools", tools::install_missing);
    report.step("clippy", |log| {
        let lint = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        log.run(&mut cargo(repository, &lint))
    });
    let mut cluster = None;
    report.step("postgresql", |_| started(&mut cluster));
    report.step("tests", |log| {
        let mut tests = cargo(repository, &["test", "--workspace", "--no-fail-fast"]);
        tests.envs(cluster.iter().map(|cluster| (TEST_POSTGRES, cluster.url())));
        tests.envs(tools::nats_server().map(|program| (TEST_NATS, program)));
        log.run_counted(&mut tests, count::cargo_test)
    });
    report.step("tests-on-postgresql", |log| {
        let mut tests = cargo(repository, &["test", "-p", "parlour-server", "--test", "contract", "--no-fail-fast"]);
        tests.env(TEST_ON, "postgres").envs(cluster.iter().map(|cluster| (TEST_POSTGRES, cluster.url())));
        log.run_counted(&mut tests, count::cargo_test)
    });
    report.step("tests-on-two-nodes", |log| on_two_nodes(repository, cluster.as_ref(), log));
    drop(cluster);
    report.step("browser", |log| browser::run(repository, log));
    report.finish()
}

/// Cargo in the dev profile, always: one set of built dependencies serves every step.
fn cargo(repository: &Repository, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(&repository.root);
    command
}

/// Every contract once more, requests and sockets going to two nodes in turn.
fn on_two_nodes(repository: &Repository, cluster: Option<&Cluster>, log: &Log) -> Outcome {
    let program = tools::nats_server().ok_or_else(|| std::io::Error::other("no nats-server on this machine"));
    let broker = match program.and_then(|program| Broker::start(&program)) {
        Ok(broker) => broker,
        Err(error) => return Outcome::failed(error.to_string()),
    };
    let mut tests = cargo(repository, &["test", "-p", "parlour-server", "--test", "contract", "--no-fail-fast"]);
    tests.env(TEST_ON, "two-nodes").env(TEST_BUS, broker.url());
    tests.envs(cluster.map(|cluster| (TEST_POSTGRES, cluster.url())));
    log.run_counted(&mut tests, count::cargo_test)
}

fn tidied(repository: &Repository) -> Outcome {
    match tidy::findings(repository) {
        Ok(findings) if findings.is_empty() => Outcome::passed(),
        Ok(findings) => Outcome::failed(findings.join("\n")),
        Err(error) => Outcome::failed(error.to_string()),
    }
}

fn started(cluster: &mut Option<Cluster>) -> Outcome {
    match Cluster::start() {
        Ok(running) => {
            *cluster = Some(running);
            Outcome::passed()
        }
        Err(error) => Outcome::failed(error.to_string()),
    }
}
