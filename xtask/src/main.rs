//! The project's own commands, run as `cargo xtask <command>`.

mod bench;
mod checks;
mod repository;
mod tidy;

use std::process::ExitCode;

use repository::Repository;

/// A command's name, what it takes, and what it does: the help is printed from this list and nothing else.
struct Command {
    name: &'static str,
    about: &'static str,
    run: fn(&Repository, &[String]) -> ExitCode,
}

const COMMANDS: [Command; 3] = [
    Command {
        name: "test",
        about: "every check: format, tidy, tools, clippy, tests on both databases, browser tests",
        run: |repository, _| checks::run(repository),
    },
    Command {
        name: "tidy",
        about: "the rules that a linter cannot know, each with its reason",
        run: |repository, _| tidy::run(repository),
    },
    Command {
        name: "bench",
        about: "build in release and measure; what follows goes to parlour-bench",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", help());
        return ExitCode::SUCCESS;
    };
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(&Repository::of_this_program(), rest),
        None if matches!(name.as_str(), "help" | "-h" | "--help") => {
            print!("{}", help());
            ExitCode::SUCCESS
        }
        None => {
            eprint!("no command is called {name:?}\n\n{}", help());
            ExitCode::from(2)
        }
    }
}

fn help() -> String {
    let lines = COMMANDS.iter().map(|command| format!("  {:<6} {}\n", command.name, command.about));
    format!("cargo xtask <command>\n\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_command() {
        for command in COMMANDS {
            assert!(help().contains(&format!("\n  {} ", command.name)), "{}", command.name);
        }
    }
}
