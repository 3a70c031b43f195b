//! One order for everybody, whatever the interleaving of events, replies and slow reading; replies at their place.

use parlour_hub::{HubSettings, Parting};
use parlour_model::Seq;
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::actor::{Actor, Over, resume};
use crate::clerk::{Clerk, Desk};
use crate::lines::Way;
use crate::support::{World, guest};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many events, so long.
    Say(usize, usize),
    /// One of the readers, by a number that is taken modulo how many there are, sends so many messages.
    Ask(usize, usize),
    /// What has come of one's messages is settled, with the seq of the last event.
    Settle(usize),
    /// One reads so much of what is there for it.
    Read(usize, usize),
    /// Everything happens that is due.
    Rest,
}

fn step(longest: usize) -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..12_usize, prop_oneof![3 => 0..20_usize, 1 => 0..longest]).prop_map(|(n, len)| Step::Say(n, len)),
        2 => (0..8_usize, 1..5_usize).prop_map(|(any, n)| Step::Ask(any, n)),
        3 => (0..8_usize).prop_map(Step::Settle),
        3 => (0..8_usize, 1..30_usize).prop_map(|(any, n)| Step::Read(any, n)),
        1 => Just(Step::Rest),
    ]
}

/// Somebody who asks and hears.
struct Reader {
    way: Way,
    actor: Actor,
    /// `None` once it was put out and came back: then it only listens.
    desk: Option<Desk>,
    /// What was there before it was put out.
    before: Vec<String>,
    asked: usize,
    replies: usize,
}

impl Reader {
    async fn sit(world: &World, way: Way) -> Self {
        let (clerk, desk) = Clerk::new();
        let actor = world.talk_by(way, guest(None), clerk).await;
        Self { way, actor, desk: Some(desk), before: Vec::new(), asked: 0, replies: 0 }
    }

    fn last(&self) -> Seq {
        self.seqs().last().copied().unwrap_or(0)
    }

    fn seqs(&self) -> Vec<Seq> {
        let all = self.before.iter().chain(&self.actor.heard);
        all.filter_map(|text| text.split(' ').next()?.parse().ok()).collect()
    }

    /// Reads one text if there is one for it, now or soon. `false`: there is none.
    async fn read(&mut self, world: &World) -> bool {
        let replies = self.actor.heard.iter().filter(|text| text.starts_with("re ")).count();
        if self.last() == world.log.last(&world.room) && (self.desk.is_none() || replies == self.replies) {
            return false;
        }
        if let Err(over) = self.actor.next().await {
            self.come_back(world, &over).await;
        }
        true
    }

    async fn come_back(&mut self, world: &World, over: &Over) {
        assert_eq!(*over, resume());
        let back = world.join_by(self.way, guest(Some(self.last()))).await;
        let gone = std::mem::replace(&mut self.actor, back);
        self.before.extend(gone.heard.iter().cloned());
        self.desk = None;
        assert_eq!(gone.break_off().await, Parting::Broken);
    }

    /// Sends messages, but not so many that the hub would not take them.
    async fn ask(&mut self, messages: usize) {
        for _ in 0..messages {
            if self.desk.is_some() && self.asked - self.replies < 60 {
                self.actor.wire.say("?").await;
                self.asked += 1;
            }
        }
    }

    fn settle(&mut self, last: Seq) {
        for (_, turn) in self.desk.iter_mut().flat_map(Desk::all) {
            Clerk::reply(turn, &format!("re {last}"));
            self.replies += 1;
        }
    }

    fn check(&self, last: Seq) {
        assert_eq!(self.seqs(), (1..=last).collect::<Vec<_>>(), "no gap, no repeat, one order");
        let (mut seq, mut replies) = (0, 0);
        for text in self.before.iter().chain(&self.actor.heard) {
            match text.strip_prefix("re ") {
                Some(at) => {
                    assert_eq!(at.parse(), Ok(seq), "a reply stands where it was given");
                    replies += 1;
                }
                None => seq += 1,
            }
        }
        assert!(replies == self.replies || self.desk.is_none(), "{replies} of {} replies", self.replies);
    }
}

async fn play(ways: &[Way], ring_entries: usize, steps: Vec<Step>) {
    let world = World::with(HubSettings { ring_entries, ..HubSettings::default() });
    let mut readers = Vec::new();
    for way in ways {
        readers.push(Reader::sit(&world, *way).await);
    }
    let count = readers.len();
    for step in steps {
        match step {
            Step::Say(events, length) => world.say(&vec!["x".repeat(length).as_str(); events]),
            Step::Ask(any, messages) => readers[any % count].ask(messages).await,
            Step::Settle(any) => readers[any % count].settle(world.log.last(&world.room)),
            Step::Read(any, texts) => {
                for _ in 0..texts {
                    readers[any % count].read(&world).await;
                }
            }
            // sleep: a pause is one of the things that may happen; nothing is expected of it.
            Step::Rest => tokio::time::sleep(std::time::Duration::from_millis(1)).await,
        }
    }
    let last = world.log.last(&world.room);
    for reader in &mut readers {
        while reader.read(&world).await {}
        reader.check(last);
    }
}

fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

const NARROW: [Way; 4] = [Way::Memory(61), Way::Memory(1_000), Way::Memory(40_000), Way::Memory(1 << 20)];

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn everybody_hears_one_order_and_replies_at_their_place(steps in proptest::collection::vec(step(3_000), 1..60)) {
        paused().block_on(play(&NARROW, 1_024, steps));
    }

    #[test]
    fn whoever_is_put_out_comes_back_to_the_same_order(steps in proptest::collection::vec(step(3_000), 1..60)) {
        paused().block_on(play(&NARROW, 16, steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn so_they_do_on_sockets(
            ring in prop_oneof![Just(16), Just(1_024)],
            // The system moves little at a time through a narrow socket.
            steps in proptest::collection::vec(step(600), 1..40),
        ) {
        let ways = [Way::Tcp, Way::NarrowTcp, Way::NarrowTcp];
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(play(&ways, ring, steps));
    }
}
