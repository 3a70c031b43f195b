//! PostgreSQL stops, by whatever cause, and comes back: whoever asks meanwhile is told to come back, sockets stay, and the
//! server goes on by itself.

use std::fs;

use serde_json::json;

use crate::own_postgres::OwnPostgres;
use crate::people::{Credential, member};
use crate::process::{Folder, Parlour};
use crate::refusals::{a_message_is_refused, everybody_is_told_to_come_back, sign_up_by_every_door};
use crate::room::{Seat, history};

async fn becomes_ready(server: &Parlour) {
    loop {
        let answer = server.get("/readyz").send().await;
        if answer.status == 200 {
            return;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
    }
}

#[tokio::test]
async fn a_database_that_crashes_and_comes_back_is_no_disaster() {
    let (cluster, folder) = (OwnPostgres::start(), Folder::new());
    let server = folder.start(&[&cluster.setting()]).await;
    let token = member(server.address, "Ada").await;
    sign_up_by_every_door(server.address, "before").await;
    let mut seat = Seat::take(server.address, "alpha", &token, None).await.unwrap();
    let mut guest = Seat::take(server.address, "alpha", &token, None).await.unwrap();
    seat.post("kept", "1").await.unwrap();
    guest.hear().await.unwrap();
    cluster.crash();
    assert_eq!(server.get("/readyz").send().await.status, 503);
    everybody_is_told_to_come_back(server.address, "before", "meanwhile").await;
    let me = server.get("/api/users/me/").bearer(&token).send().await;
    assert!(matches!(me.status, 200 | 503), "{me:?}");
    a_message_is_refused(&mut seat, "2").await;
    cluster.begin();
    becomes_ready(&server).await;
    sign_up_by_every_door(server.address, "meanwhile").await;
    // The socket that was there all the time hears what is said now, and a retry under the key makes one message.
    let mut seat = Seat::take(server.address, "alpha", &token, Some(1)).await.unwrap();
    assert_eq!(seat.post("into the void", "2").await.unwrap().id, 2);
    assert_eq!(seat.post("into the void", "2").await.unwrap().id, 2);
    assert_eq!(guest.hear().await.unwrap().id, 2);
    let said = history(server.address, "alpha", &token, "3").await;
    assert_eq!(
        said.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
        ["kept", "into the void", "the end"]
    );
    assert!(Credential::Bearer(token).opens(server.address, "Ada").await);
}

#[tokio::test]
async fn a_start_waits_for_its_database() {
    let (cluster, folder) = (OwnPostgres::start(), Folder::new());
    cluster.crash();
    let setting = cluster.setting();
    let starting = folder.spawn(folder.serve(&[&setting]));
    let log = folder.file("stderr.log");
    while !fs::read_to_string(&log).unwrap_or_default().contains("PostgreSQL is away; waiting for it") {
        tokio::task::yield_now().await;
    }
    cluster.begin();
    let server = starting.accepting().await;
    server.get("/readyz").send().await.expect(200);
}

#[tokio::test]
async fn nodes_that_start_at_once_agree_on_keys_and_on_one_link() {
    let (cluster, one, two) = (OwnPostgres::start(), Folder::new(), Folder::new());
    let key = [7; 32];
    for folder in [&one, &two] {
        fs::write(folder.file("master.key"), key).unwrap();
    }
    let setting = cluster.setting();
    let starting = [one.spawn(one.serve(&[&setting])), two.spawn(two.serve(&[&setting]))];
    let [first, second] = starting;
    let (first, second) = tokio::join!(first.accepting(), second.accepting());
    let keys = async |server: &Parlour| server.get("/.well-known/jwks.json").send().await.expect(200).json();
    assert_eq!(keys(&first).await, keys(&second).await);
    // A session of one is a session of the other.
    let token = member(first.address, "Ada").await;
    assert!(Credential::Bearer(token).opens(second.address, "Ada").await);
    let other = Folder::new();
    fs::write(other.file("master.key"), [8; 32]).unwrap();
    let said = other.spawn(other.serve(&[&setting])).refusal().await;
    assert!(said.contains("all nodes of a cluster need the same"), "{said}");
    let without = Folder::new();
    let said = without.spawn(without.serve(&[&setting])).refusal().await;
    assert!(said.contains("copy it from another node"), "{said}");
    let made = json!({"username": "bob", "secret": "correct horse battery staple"});
    second.post("/api/v1/users", &made).send().await.expect(201);
}
