//! Nodes that nothing goes wrong with: whichever of them is asked, it is one server.

use serde_json::json;

use crate::http::Request;
use crate::room::Seat;
use crate::town::{Node, Town};
use crate::watcher::Watcher;

#[tokio::test]
async fn what_one_node_is_told_holds_on_the_others() {
    is_one_server(&Town::new(2).await).await;
}

#[tokio::test]
async fn without_nats_the_nodes_tell_one_another_through_the_database() {
    is_one_server(&Town::without_nats(2).await).await;
}

/// Who is listed as present on one node in a room of ada's, where she sits on the other.
async fn lists_as_present(sits_on: &Node, asked: &Node, ada: &str) -> Vec<String> {
    let form = json!({"name": "den", "visibility": "public"});
    Request::new(sits_on.address(), "POST", "/api/v2/rooms").bearer(ada).json(&form).send().await.expect(201);
    let mut sits = Seat::take(sits_on.address(), "den", ada, None).await.unwrap();
    sits.post("anybody here?", "k").await.unwrap();
    let members = Request::new(asked.address(), "GET", "/api/v2/rooms/den/members").bearer(ada).send().await;
    let members = members.expect(200).json();
    let present = members["items"].as_array().unwrap().iter().filter(|one| one["present"] == true);
    present.map(|one| one["person"]["username"].as_str().unwrap().to_owned()).collect()
}

async fn is_one_server(town: &Town) {
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let (ada, bob) = (town.member("ada").await, town.member("bob").await);
    assert!(two.knows(&ada).await && two.knows(&bob).await);

    let mut ada_sits = Seat::take(one.address(), "tea", &ada, None).await.unwrap();
    ada_sits.post("hello?", "k1").await.unwrap();
    let mut bob_sits = Seat::take(two.address(), "tea", &bob, Some(0)).await.unwrap();
    assert_eq!(bob_sits.hear().await.unwrap().text, "hello?");
    bob_sits.post("hello!", "k2").await.unwrap();
    assert_eq!(ada_sits.hear().await.unwrap().text, "hello!");
    let mut watcher = Watcher::when(two, "tea", &["ada", "bob"]).await;
    assert_eq!(lists_as_present(one, two, &ada).await, ["ada"], "in a room in which nobody sits on the asked node");

    // Whoever is answered finds it so on every node.
    for _ in 0..5 {
        let token = crate::people::token(one.address(), "bob").await;
        assert!(two.knows(&token).await);
        let out = Request::new(one.address(), "DELETE", "/api/v2/sessions/current").bearer(&token);
        out.send().await.expect(204);
        assert!(!two.knows(&token).await, "it has ended on the other node, too");
    }

    ada_sits.socket.close().await;
    assert_eq!(watcher.until("left ada").await, ["left ada"]);
}
