//! One step: a program that is run with its output kept, and what came of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use super::count::Counts;

/// What came of one step, or of all together.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    /// What the step said; shown only if something failed.
    pub(crate) output: String,
}

impl Outcome {
    /// A step that counts as one check, and passed.
    pub(crate) fn passed() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    /// A step that counts as one check, and failed for the reason given.
    pub(crate) fn failed(output: impl Into<String>) -> Self {
        Self { failed: 1, output: output.into(), ..Self::default() }
    }

    /// A step that counts its own checks. A program that ends badly without naming a failed check (it did not build,
    /// it crashed), or well without having checked anything, is one failure.
    fn counted(counts: Counts, success: bool, output: String) -> Self {
        let Counts { passed, mut failed, skipped } = counts;
        if failed == 0 && (!success || passed == 0) {
            failed = 1;
        }
        Self { passed, failed, skipped, output }
    }

    /// Adds another step's counts to this one's.
    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// `N passed, N failed`, and `, N skipped` only if something was.
    pub(crate) fn sentence(&self) -> String {
        let skipped = match self.skipped {
            0 => String::new(),
            count => format!(", {count} skipped"),
        };
        format!("{} passed, {} failed{skipped}", self.passed, self.failed)
    }
}

/// The file that keeps a step's output. A file and not a pipe: a stray grandchild that holds a pipe open would keep
/// its reader waiting for ever.
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// Starts an empty `<folder>/<step>.log`.
    pub(crate) fn create(folder: &Path, step: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{step}.log"));
        File::create(&path)?;
        Ok(Self { path })
    }

    /// Runs a program as one check.
    pub(crate) fn run(&self, command: &mut Command) -> Outcome {
        match self.status(command) {
            Ok(status) if status.success() => Outcome::passed(),
            Ok(status) => Outcome::failed(format!("{}\n{}: {status}", self.read(), name(command))),
            Err(error) => Outcome::failed(format!("{}: {error}", name(command))),
        }
    }

    /// Runs a program that counts its own checks; `count` reads them from its output.
    pub(crate) fn run_counted(&self, command: &mut Command, count: fn(&str) -> Counts) -> Outcome {
        match self.status(command) {
            Ok(status) => {
                let output = self.read();
                Outcome::counted(count(&output), status.success(), output)
            }
            Err(error) => Outcome::failed(format!("{}: {error}", name(command))),
        }
    }

    fn status(&self, command: &mut Command) -> io::Result<ExitStatus> {
        let file = File::options().append(true).open(&self.path)?;
        command.stdin(std::process::Stdio::null()).stdout(file.try_clone()?).stderr(file).status()
    }

    fn read(&self) -> String {
        fs::read(&self.path).map_or_else(
            |error| format!("{}: {error}", self.path.display()),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u32, failed: u32, skipped: u32) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn the_sum_is_said_in_one_fixed_form() {
        let mut sum = Outcome::passed();
        sum.add(&Outcome::failed("why"));
        assert_eq!(sum.sentence(), "1 passed, 1 failed");
        sum.add(&Outcome::counted(counts(3, 0, 2), true, String::new()));
        assert_eq!(sum.sentence(), "4 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn a_crash_and_an_empty_run_are_failures() {
        let outcome = |counts, success| Outcome::counted(counts, success, String::new()).failed;
        assert_eq!(outcome(counts(5, 0, 0), true), 0);
        assert_eq!(outcome(counts(5, 0, 0), false), 1);
        assert_eq!(outcome(counts(0, 0, 0), true), 1);
        assert_eq!(outcome(counts(5, 2, 0), false), 2);
    }
}
