//! The configuration: one typed tree, read in layers. A later layer wins, and every value knows its origin.
//!
//! Defaults < file < environment < flags. A key that is not in the tree refuses to start.

mod layers;
mod settings;
mod tree;

pub use layers::{ConfigError, Given, Loaded, Origin, load};
pub use tree::{Config, LogFormat};
