//! The binary `parlour`.

use std::process::ExitCode;

fn main() -> ExitCode {
    parlour_server::commands::run()
}
