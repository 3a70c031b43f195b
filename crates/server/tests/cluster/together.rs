//! Nodes that nothing goes wrong with: whichever of them is asked, it is one server.

use crate::http::Request;
use crate::room::Seat;
use crate::town::Town;
use crate::watcher::Watcher;

#[tokio::test]
async fn what_one_node_is_told_holds_on_the_others() {
    is_one_server(&Town::new(2).await).await;
}

#[tokio::test]
async fn without_nats_the_nodes_tell_one_another_through_the_database() {
    is_one_server(&Town::without_nats(2).await).await;
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
