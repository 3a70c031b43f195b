//! What is measured: one file a case.

mod chat;
mod flood;
mod login;
mod me;
mod start;

use crate::Result;
use crate::plan::Plan;
use crate::report::Outcome;

/// One thing to measure.
pub(crate) struct Case {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// What it does, for whoever waits.
    pub(crate) about: &'static str,
    /// Measures it.
    pub(crate) run: fn(&Plan) -> Result<Outcome>,
}

/// All cases, in the order of the table.
pub(crate) const ALL: [Case; 7] =
    [login::CASE, flood::CASE, me::CASE, start::CASE, chat::one::CASE, chat::burst::CASE, chat::large::CASE];
