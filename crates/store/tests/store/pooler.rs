//! Behind a pooler that gives every transaction another connection, and encrypted on the way to it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use futures_util::future::join_all;
use parlour_store::{Appended, Error, PostgresSettings, Store};

use crate::certificate::certificate;
use crate::harness::{Folder, Home, Place, START, member, message, room, until_answered};

/// A pgbouncer in transaction mode before the server of the test run. It ends with its owner, however that ends.
struct Pooler {
    keeper: Child,
    port: u16,
    folder: Folder,
}

/// Keeps the pooler until the standard input ends, as it does with the test.
const KEEP: &str = "pgbouncer --quiet \"$1\" & cat >/dev/null; kill $!; wait";

impl Pooler {
    fn start(server: &str) -> Self {
        let folder = Folder::new();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        certificate(folder.path());
        let (host, server_port) =
            server.rsplit_once('@').unwrap().1.split_once('/').unwrap().0.split_once(':').unwrap();
        let place = folder.path().display();
        let config = format!(
            "[databases]\n* = host={host} port={server_port} user=parlour\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 4\n\
             logfile = {place}/log\nclient_tls_sslmode = allow\nclient_tls_key_file = {place}/key.pem\n\
             client_tls_cert_file = {place}/certificate.pem\n"
        );
        let path = folder.path().join("pgbouncer.ini");
        fs::write(&path, config).unwrap();
        let mut keep = Command::new("sh");
        keep.args(["-c", KEEP, "sh"]).arg(&path).stdin(Stdio::piped());
        keep.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        if let Some((user, group)) = stepped_down() {
            // It refuses to run as root.
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
            for name in ["key.pem", "certificate.pem"] {
                fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o644)).unwrap();
            }
            keep.uid(user).gid(group);
        }
        let mut keeper = keep.spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(keeper.try_wait().unwrap().is_none(), "{:?}", fs::read_to_string(folder.path().join("log")));
            std::thread::yield_now();
        }
        Self { keeper, port, folder }
    }

    /// A database of the server, by way of the pooler.
    fn settings(&self, database: &str, query: &str) -> PostgresSettings {
        let mut settings =
            PostgresSettings::new(format!("postgres://parlour@localhost:{}/{database}?{query}", self.port));
        settings.prepare = false;
        settings
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The user and the group that root's servers run as.
fn stepped_down() -> Option<(u32, u32)> {
    let number = |arguments: &[&str]| -> u32 {
        let said = Command::new("id").args(arguments).output().unwrap().stdout;
        String::from_utf8(said).unwrap().trim().parse().expect("the user postgres")
    };
    (number(&["-u"]) == 0).then(|| (number(&["-u", "postgres"]), number(&["-g", "postgres"])))
}

/// A store behind a pooler; the rest of it is past the pooler.
async fn pooled() -> (Home, Pooler) {
    let mut home = Home::postgres().await;
    let Place::Server(server) = &mut home.place else { unreachable!() };
    let pooler = Pooler::start(&server.settings.url);
    let settings = pooler.settings(server.settings.url.rsplit_once('/').unwrap().1, "sslmode=require");
    home.store.clone().close().await;
    home.store = Store::open_postgres(&settings, START).await.unwrap();
    server.settings = settings;
    (home, pooler)
}

#[tokio::test]
async fn the_story_is_told_through_a_pooler() {
    let (home, _pooler) = pooled().await;
    crate::story::tell(&home).await;
    assert!(home.store.doorbell("parlour").is_none(), "nobody can listen there");
    home.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_write_at_once_through_a_pooler_stand_in_one_order() {
    let (home, _pooler) = pooled().await;
    let ada = member(&home.store, "Ada").await;
    let (store, lobby) = (&home.store, room("lobby"));
    let writes = (0..200).map(async |number: i64| {
        let text = number.to_string();
        let messages = || vec![message(&ada, &text, Some(&text)), message(&ada, "again", None)];
        let (_, appended) = until_answered!({
            let messages = messages();
            store.append(&lobby, move || messages).await
        })
        .expect("a room");
        appended
    });
    let mut places = Vec::new();
    for appended in join_all(writes).await.into_iter().flatten() {
        let Appended::New { seq, .. } = appended else { panic!("{appended:?}") };
        places.push(seq);
    }
    places.sort_unstable();
    assert_eq!(places, (1..=400).collect::<Vec<_>>());
    home.end().await;
}

#[tokio::test]
async fn whom_to_believe_is_what_the_url_says() {
    let (home, pooler) = pooled().await;
    let Place::Server(server) = &home.place else { unreachable!() };
    let database = server.settings.url.rsplit_once('/').unwrap().1.split('?').next().unwrap();
    let open = async |query: &str| Store::open_postgres(&pooler.settings(database, query), START).await;
    let own = format!("sslrootcert={}/certificate.pem", pooler.folder.path().display());
    for good in ["sslmode=disable", "sslmode=prefer", "sslmode=require", &format!("sslmode=verify-full&{own}")] {
        open(good).await.unwrap_or_else(|error| panic!("{good}: {error}")).close().await;
    }
    let refused = open("sslmode=verify-full").await.err();
    assert!(matches!(&refused, Some(Error::Failed(_))), "nobody known has signed it: {refused:?}");
    let missing = open("sslmode=verify-full&sslrootcert=/nowhere").await.err();
    assert!(matches!(&missing, Some(Error::Failed(_))), "{missing:?}");
    home.end().await;
}
