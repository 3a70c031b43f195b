//! The database is put back to an earlier copy of itself under running nodes, and goes on from there.

use serde_json::{Value, json};

use crate::http::{PATIENCE, Request};
use crate::own_postgres::OwnPostgres;
use crate::people;
use crate::reader::Reader;
use crate::town::{Node, Town};

/// Says something in a room, as soon as the database takes it.
async fn say(node: &Node, token: &str, text: &str) {
    let saying = async {
        loop {
            let request = Request::new(node.address(), "POST", "/api/v2/rooms/tea/messages").bearer(token);
            let answer = request.json(&json!({"text": text})).send().await;
            match answer.status {
                201 => return,
                503 => tokio::task::yield_now().await,
                _ => panic!("{answer:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, saying).await.expect("the database is there again");
}

/// Waits until a token is not good any more.
async fn forgets(node: &Node, token: &str) {
    let forgetting = async {
        while node.knows(token).await {
            // sleep: polls what another process does.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, forgetting).await.expect("whoever never came is still believed");
}

/// The number of the session that a token is of.
async fn session_of(node: &Node, token: &str) -> i64 {
    let answer = Request::new(node.address(), "GET", "/api/v2/sessions").bearer(token).send().await.expect(200);
    let sessions = answer.json()["items"].as_array().unwrap().clone();
    sessions.iter().find(|session| session["current"] == true).unwrap()["id"].as_i64().unwrap()
}

/// All texts of the room.
async fn texts(node: &Node) -> Vec<String> {
    let answer = Request::new(node.address(), "GET", "/api/v2/rooms/tea/messages").send().await.expect(200);
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_lost_is_forgotten_by_every_node_and_whoever_heard_of_it_is_told() {
    let postgres = OwnPostgres::start();
    let town = Town::at(2, postgres.url(), &postgres).await;
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let ada = town.member("ada").await;
    let room = Request::new(one.address(), "POST", "/api/v2/rooms").bearer(&ada);
    room.json(&json!({"name": "tea", "visibility": "public"})).send().await.expect(201);
    for text in ["first", "second"] {
        say(one, &ada, text).await;
    }
    town.member("bob").await;
    postgres.copy();
    let lost = people::token(one.address(), "bob").await;
    let number = session_of(one, &lost).await;
    for text in ["lost", "lost as well"] {
        say(one, &ada, text).await;
    }
    let cleo = people::member(one.address(), "cleo").await;
    let mut cleo_reads = Reader::on(two, "tea", Some(&cleo)).await;
    let mut readers = [Reader::on(one, "tea", Some(&ada)).await, Reader::on(two, "tea", None).await];
    say(two, &ada, "lost in the end").await;
    let since = |reader: &Reader| json!({"epoch": reader.subscribed["epoch"], "seq": 5});
    for reader in &mut readers {
        assert_eq!(reader.text().await, "lost in the end");
    }
    assert!(one.knows(&cleo).await && two.knows(&cleo).await);

    postgres.put_back();
    // The log passes where it was before most have looked.
    let new = ["third", "fourth", "fifth", "sixth"];
    for text in new {
        say(one, &ada, text).await;
    }
    cleo_reads.is_sent_away().await;
    for node in [one, two] {
        forgets(node, &cleo).await;
    }
    assert!(one.knows(&ada).await && two.knows(&ada).await);
    let again = people::token(one.address(), "ada").await;
    assert_eq!(session_of(one, &again).await, number, "numbers are given anew");
    assert!(!one.knows(&lost).await && !two.knows(&lost).await, "a token opens no session of somebody else");
    for reader in &mut readers {
        let before = since(reader);
        let over = reader.until("unsubscribed").await.unwrap();
        assert_eq!(over["reason"], "resume", "{over}");
        reader.subscribe(&before).await;
        assert_eq!(reader.subscribed["recovered"], Value::Bool(false), "{}", reader.subscribed);
    }
    say(two, &ada, "seventh").await;
    for reader in &mut readers {
        assert_eq!(reader.text().await, "seventh");
    }
    for node in [one, two] {
        assert_eq!(texts(node).await, ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]);
    }
}
