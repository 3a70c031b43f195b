//! kill -9 at any moment loses no account, session or message that was acknowledged.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::chance::Chance;
use crate::http::PATIENCE;
use crate::ledger::Ledger;
use crate::people::{Door, member};
use crate::process::{Folder, Parlour, free_port};
use crate::writers::{Life, Newcomers, Talker, through};

const KILLS: u32 = 60;

/// The fewest writes that are acknowledged before a kill, and how many more it may be.
const WRITES: (usize, u64) = (12, 30);

/// Every so manyth life the server is killed while it starts as well.
const AT_START: u32 = 5;

struct Story {
    folder: Folder,
    /// The same in every life, so that clients find the server again.
    listen: String,
    ledger: Arc<Ledger>,
    chance: Chance,
    lives: watch::Sender<Life>,
    writers: JoinSet<()>,
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let mut story = Story::new();
    let token = story.begin().await;
    for life in 1..=KILLS {
        let server = story.start(life).await;
        story.verify(&server, &token, life).await;
        story.lives.send_replace(Life::Up(life, server.address));
        story.let_them_write().await;
        story.lives.send_replace(Life::Dying);
        server.kill();
    }
    story.lives.send_replace(Life::Over);
    while let Some(writer) = story.writers.join_next().await {
        writer.unwrap();
    }
    let server = story.start(KILLS + 1).await;
    story.verify(&server, &token, KILLS + 1).await;
    println!("{} acknowledged writes, {KILLS} kills", story.ledger.count());
    assert!(story.ledger.count() >= 1_000);
}

impl Story {
    fn new() -> Self {
        Self {
            folder: Folder::new(),
            listen: format!("127.0.0.1:{}", free_port()),
            ledger: Arc::new(Ledger::new()),
            chance: Chance::announced(),
            lives: watch::Sender::new(Life::Before),
            writers: JoinSet::new(),
        }
    }

    /// Makes those who talk, in a life of its own, and sends everybody to their work. A token of one of them.
    async fn begin(&mut self) -> String {
        let server = self.start(0).await;
        for (name, room) in [("Ada", "alpha"), ("Bob", "alpha"), ("Cem", "beta")] {
            let token = member(server.address, name).await;
            let mut talker = Talker::new(name, token, room, &self.ledger);
            let lives = self.lives.subscribe();
            self.writers.spawn(through(lives, async move |address| talker.work(address).await));
        }
        for door in [Door::Rooms, Door::Cookies, Door::Tokens] {
            let mut newcomers = Newcomers::new(door, &self.ledger);
            newcomers.next(server.address).await.unwrap();
            let lives = self.lives.subscribe();
            self.writers.spawn(through(lives, async move |address| newcomers.work(address).await));
        }
        let token = member(server.address, "Witness").await;
        server.kill();
        token
    }

    async fn start(&mut self, life: u32) -> Parlour {
        let serve = || self.folder.serve_at(&self.listen, &[]);
        if life % AT_START == AT_START - 1 {
            let mut starting = self.folder.spawn(serve());
            // sleep: a random moment of the start is what is tested.
            tokio::time::sleep(Duration::from_millis(self.chance.below(100))).await;
            starting.kill();
        }
        self.folder.spawn(serve()).accepting().await
    }

    async fn verify(&mut self, server: &Parlour, token: &str, life: u32) {
        self.ledger.verify(server.address, token, &format!("life {life}"), &mut self.chance).await;
    }

    /// Until a random moment.
    async fn let_them_write(&mut self) {
        let more = WRITES.0 + usize::try_from(self.chance.below(WRITES.1)).unwrap();
        let enough = self.ledger.count() + more;
        tokio::select! {
            reached = timeout(PATIENCE, self.ledger.reaches(enough)) => reached.expect("nobody writes any more"),
            Some(writer) = self.writers.join_next() => panic!("a writer stopped: {writer:?}"),
        }
        // sleep: a random moment between two acknowledgements is what is tested.
        tokio::time::sleep(Duration::from_micros(self.chance.below(20_000))).await;
    }
}
