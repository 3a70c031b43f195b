//! What the person sees: each step as it ends, a failed one's output, and the sum.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use super::step::{Log, Outcome};
use crate::repository::Repository;

/// The running sum of all steps.
pub(crate) struct Report {
    logs: PathBuf,
    sum: Outcome,
    failed_steps: Vec<&'static str>,
}

impl Report {
    /// A report whose steps keep their output in `<target>/xtask/<step>.log`.
    pub(crate) fn new(repository: &Repository) -> Self {
        Self { logs: repository.target.join("xtask"), sum: Outcome::default(), failed_steps: Vec::new() }
    }

    /// Runs one step and prints how it went; a failed one's output is printed whole.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce(&Log) -> Outcome) {
        println!("== {name}");
        let begun = Instant::now();
        let outcome = match Log::create(&self.logs, name) {
            Ok(log) => work(&log),
            Err(error) => Outcome::failed(format!("{}: {error}", self.logs.display())),
        };
        if outcome.failed > 0 {
            println!("{}", outcome.output.trim_end());
            self.failed_steps.push(name);
        }
        println!("   {name}: {} in {:.1} s", outcome.sentence(), begun.elapsed().as_secs_f64());
        self.sum.add(&outcome);
    }

    /// Prints which steps failed and, as the very last line, the sum.
    pub(crate) fn finish(self) -> ExitCode {
        if !self.failed_steps.is_empty() {
            println!("\nfailed: {}", self.failed_steps.join(", "));
        }
        println!("{}", self.sum.sentence());
        if self.sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
