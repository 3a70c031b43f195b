//! How it is run: one binary, put together from the floors below.

pub mod clock;
pub mod commands;
pub mod config;
pub mod data_folder;
pub mod open_files;
pub mod opening;
pub mod running;
pub mod start_error;
pub mod telemetry;

mod accepting;
