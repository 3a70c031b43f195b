//! A certificate for a test's own server. The hub's tests use it, too.

use std::path::Path;
use std::process::Command;

/// A certificate of `localhost` that nobody else has signed: `certificate.pem`, with its `key.pem`.
pub(crate) fn certificate(folder: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext"]);
    openssl.args(["basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "certificate.pem"]);
    let made = openssl.current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}
