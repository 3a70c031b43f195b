//! What may be done: every use case is one file here, and every contract that offers it calls the same one.
//!
//! A use case takes plain values, asks the store and perhaps the hub, and answers with a value or an
//! [`Error`] in this floor's words. It knows no URL, no header and no status. To add one: write the file, an
//! `impl App` with the verb in it, the values it takes and gives, and its line in this list.

pub mod app;
pub mod error;
pub mod settings;

// Getting in and out.
pub mod authenticate;
pub mod end_sessions;
pub mod first_admin;
pub mod log_in;
pub mod log_out;
pub mod refresh;
pub mod sign_up;

// The account.
pub mod administer;
pub mod change_password;
mod cluster;
pub mod delete_account;
pub mod edit_account;
pub mod export;
pub mod find_people;
pub mod look_up;
pub mod oversee;
pub mod reset_password;
pub mod set_avatar;
pub mod set_password;
pub mod verify_email;

// Talking.
pub mod live;
pub mod rooms;

// What the use cases stand on.
pub mod audit;
pub mod background;
mod believe_nothing;
pub mod cache;
pub mod control;
mod doors;
pub mod housekeeping;
pub mod idempotency;
pub mod limits;
pub mod mail;
pub mod picture;
mod profile_rules;
pub mod secret;

pub use app::App;
pub use authenticate::{Caller, Credential};
pub use error::{Error, Result};
pub use settings::Settings;
