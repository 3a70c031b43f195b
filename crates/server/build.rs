//! How the binary is linked.

use std::env;

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script for what it builds in the environment alone")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The relocations of a position independent program are a megabyte, packed a few kilobytes. glibc reads them packed
    // since 2.36; a linker that cannot pack them says so and goes on.
    let is = |key: &str, value: &str| env::var(key).is_ok_and(|is| is == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
