//! How a node is let in by NATS: over TLS, with a credentials file, at whichever of several servers is there.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use parlour_hub::NatsSettings;
use serde_json::{Value, json};

use crate::broker::{Broker, free_port, hears, is_connected, know_one_another, node_with, until};
use crate::certificate::certificate;
use crate::support::member;

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("parlour-nats-{}-{count}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.file(name), text).unwrap();
        self.file(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A claim of NATS's own kind of JWT, by which an operator answers for accounts and an account for users.
fn claim(issuer: &KeyPair, subject: &KeyPair, nats: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "jti": "one", "iat": 1, "iss": issuer.public_key(), "name": "parlour", "sub": subject.public_key(), "nats": nats,
    });
    let signed = format!("{}.{}", part(&json!({"typ": "JWT", "alg": "ed25519-nkey"})), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(issuer.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

/// A credentials file as NATS makes them, of a user for whom this account answers.
fn credentials(account: &KeyPair) -> String {
    let user = KeyPair::new_user();
    let jwt = claim(account, &user, &json!({"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1}));
    let seed = user.seed().unwrap();
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

/// What a server is told that only speaks TLS, and only with users of this account.
fn configuration(folder: &Folder, account: &KeyPair) -> PathBuf {
    let operator = KeyPair::new_operator();
    let limits = json!({
        "subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1, "payload": -1, "wildcards": true,
    });
    let of_operator = claim(&operator, &operator, &json!({"type": "operator", "version": 2}));
    let of_account = claim(&operator, account, &json!({"type": "account", "version": 2, "limits": limits}));
    let configuration = json!({
        "tls": {"cert_file": folder.file("certificate.pem"), "key_file": folder.file("key.pem")},
        "operator": of_operator,
        "resolver": "MEMORY",
        "resolver_preload": {account.public_key(): of_account},
    });
    folder.write("nats.conf", &configuration.to_string())
}

fn settings(urls: &[String], credentials: Option<PathBuf>, ca: Option<PathBuf>) -> NatsSettings {
    NatsSettings { urls: urls.to_vec(), credentials, ca, prefix: "test".to_owned() }
}

#[tokio::test]
async fn with_tls_and_credentials_one_is_let_in_and_without_either_not() {
    let folder = Folder::new();
    certificate(&folder.0);
    let (account, stranger) = (KeyPair::new_account(), KeyPair::new_account());
    let configuration = configuration(&folder, &account);
    let broker = Broker::start_with(free_port(), &["--config", configuration.to_str().unwrap()]).await;
    let urls = [format!("tls://localhost:{}", broker.port)];
    let shown = folder.write("parlour.creds", &credentials(&account));
    let forged = folder.write("forged.creds", &credentials(&stranger));
    let ca = folder.file("certificate.pem");
    let shared = (&Arc::default(), &Arc::default());
    let without_authority = node_with(settings(&urls, Some(shown.clone()), None), 3, shared);
    let without_credentials = node_with(settings(&urls, None, Some(ca.clone())), 4, shared);
    let of_a_stranger = node_with(settings(&urls, Some(forged), Some(ca.clone())), 5, shared);
    let one = node_with(settings(&urls, Some(shown.clone()), Some(ca.clone())), 1, shared);
    let two = node_with(settings(&urls, Some(shown), Some(ca)), 2, shared);
    for node in [&one, &two] {
        until("the nodes hear one another", async || node.hub.bus_counts().unwrap().received > 0).await;
    }
    one.say(&["anybody here?"]);
    let mut bob = two.join(member(2, "bob")).await;
    hears(&mut bob, "joined bob").await;
    one.say(&["hello"]);
    hears(&mut bob, "2 hello").await;
    assert_eq!(one.hub.bus_counts().unwrap().repaired, 0, "by the bus, and not from the history");
    for refused in [&without_authority, &without_credentials, &of_a_stranger] {
        assert!(!is_connected(refused));
        assert_eq!(refused.hub.bus_counts().unwrap().received, 0);
    }
}

#[tokio::test]
async fn of_several_servers_one_is_enough() {
    let (first, second) = (free_port(), free_port());
    let (clusters, of_second) = (free_port(), free_port());
    let route = format!("nats://127.0.0.1:{clusters}");
    let listen = |port: u16| format!("nats://127.0.0.1:{port}");
    let first = Broker::start_with(first, &["--cluster_name", "two", "--cluster", &listen(clusters)]).await;
    let joining = ["--cluster_name", "two", "--cluster", &listen(of_second), "--routes", &route];
    let second = Broker::start_with(second, &joining).await;
    let urls = [listen(first.port), listen(second.port)];
    let shared = (&Arc::default(), &Arc::default());
    let (one, two) =
        (node_with(settings(&urls, None, None), 1, shared), node_with(settings(&urls, None, None), 2, shared));
    know_one_another(&one, &two).await;
    let mut bob = two.join(member(2, "bob")).await;
    drop(first);
    let sent = one.hub.bus_counts().unwrap().sent;
    // Whichever of the two either was at: by the other it is heard again.
    for turn in 1.. {
        let text = format!("turn {turn}");
        let repaired = two.hub.bus_counts().unwrap().repaired;
        one.say(&[text.as_str()]);
        hears(&mut bob, &format!("{turn} {text}")).await;
        let by_the_bus = two.hub.bus_counts().unwrap().repaired == repaired;
        if by_the_bus && is_connected(&one) && is_connected(&two) {
            break;
        }
    }
    assert!(one.hub.bus_counts().unwrap().sent > sent);
}
