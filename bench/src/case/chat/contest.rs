//! One scene played by the server and by floors, round by round in turns.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Result;
use crate::cores::Cores;
use crate::floor::chat::Way;
use crate::load::crowd::{Crowd, Dialect, Drive, Layout, Pace, Tally, Watched};
use crate::measure::{median, ratios};
use crate::people;
use crate::plan::Plan;
use crate::process::{Process, Worker};
use crate::stage::Stage;

/// Accounts whose connections take their tokens by turns.
pub(in crate::case) const PEOPLE: usize = 32;

/// More connections than this are not kept open at once: systems bound a process's open files, 20,000 being a usual bound.
const MOST_OPEN: usize = 19_000;

/// What happens in the rooms.
#[derive(Clone, Copy, Debug)]
pub(in crate::case) struct Scene {
    /// What the rooms' names begin with.
    pub(in crate::case) name: &'static str,
    pub(in crate::case) rooms: usize,
    /// Seats in each room.
    pub(in crate::case) seats: usize,
    /// How many of a room's seats send.
    pub(in crate::case) senders: usize,
    pub(in crate::case) pace: Pace,
    /// How many rounds there are, and seconds of each.
    pub(in crate::case) rounds: usize,
    pub(in crate::case) seconds: u64,
}

/// The rounds of one server or floor.
#[derive(Default)]
pub(in crate::case) struct Rounds(Vec<Tally>);

/// What a scene came to.
pub(in crate::case) struct Contest {
    pub(in crate::case) server: Rounds,
    /// In the order of the ways asked for.
    pub(in crate::case) floors: Vec<Rounds>,
    /// Where the server ran, now stopped.
    stage: Stage,
}

/// One that plays a scene.
pub(in crate::case) struct Player<'a> {
    pub(in crate::case) processes: Vec<&'a Process>,
    pub(in crate::case) dialect: Dialect,
    pub(in crate::case) tokens: &'a [String],
    /// What its processes stand on, whose time is looked at as well.
    pub(in crate::case) below: Vec<&'a dyn Worker>,
    /// Where its load runs, if not where everybody's does.
    pub(in crate::case) load: Option<Cores>,
    /// How many messages it has sent in all.
    pub(in crate::case) sent: u32,
    pub(in crate::case) rounds: Rounds,
}

impl<'a> Player<'a> {
    /// One that knows nobody and speaks so.
    pub(in crate::case) fn open_to_all(process: &'a Process, dialect: Dialect) -> Self {
        Self::of(vec![process], dialect)
    }

    /// Several processes that are one server; they know nobody.
    pub(in crate::case) fn of(processes: Vec<&'a Process>, dialect: Dialect) -> Self {
        Self { processes, dialect, tokens: &[], below: Vec::new(), load: None, sent: 0, rounds: Rounds::default() }
    }
}

/// Plays `scene` with the server and with the floors of `ways`.
pub(in crate::case) fn play(plan: &Plan, scene: &Scene, ways: &[Way]) -> Result<Contest> {
    let (here, there) = plan.cores.apart();
    let (mut stage, tokens) = here.run(|| stage(plan, &[]))?;
    let database = stage.folder().join("floor.db").display().to_string();
    let start = |way: &Way| {
        let mut arguments = way.arguments(None);
        arguments.extend((*way == Way::Logged).then(|| database.clone()));
        here.run(|| Process::floor(&arguments))
    };
    let processes: Vec<Process> = ways.iter().map(start).collect::<Result<_>>()?;
    let floors = processes.iter().map(|process| Player::open_to_all(process, Dialect::Rooms));
    let server = Player { tokens: &tokens, ..Player::open_to_all(&stage.server, Dialect::Rooms) };
    let mut players: Vec<Player<'_>> = floors.chain([server]).collect();
    play_all(plan, &there, scene, &mut players)?;
    let mut rounds: Vec<Rounds> = players.into_iter().map(|player| player.rounds).collect();
    let server = rounds.pop().ok_or("nobody played")?;
    stage.server.end()?;
    Ok(Contest { server, floors: rounds, stage })
}

/// Plays `scene` with all players: by turns if so many connections can be open, else one after the other.
pub(in crate::case) fn play_all(plan: &Plan, there: &Cores, scene: &Scene, players: &mut [Player<'_>]) -> Result<()> {
    if players.len() * scene.rooms * scene.seats <= MOST_OPEN {
        return by_turns(plan, there, scene, players);
    }
    players.iter_mut().try_for_each(|player| by_turns(plan, there, scene, std::slice::from_mut(player)))
}

/// Plays all rounds, the players by turns. Their connections stay open until all is over.
fn by_turns(plan: &Plan, there: &Cores, scene: &Scene, players: &mut [Player<'_>]) -> Result<()> {
    let mut crowds = Vec::new();
    for player in &*players {
        let addresses: Vec<SocketAddr> = player.processes.iter().map(|process| process.address()).collect();
        crowds.push(there.run(|| Crowd::open(&addresses, &scene.layout(player)))?);
    }
    let drive = Drive { pace: scene.pace, warm_up: Duration::from_millis(300), window: plan.window(scene.seconds) };
    for _ in 0..plan.rounds(scene.rounds) {
        for (player, crowd) in players.iter_mut().zip(&mut crowds) {
            let load = player.load.as_ref().unwrap_or(there);
            let watched = Watched { servers: &player.processes, below: &player.below };
            player.rounds.0.push(load.run(|| crowd.run(&watched, &drive))?);
            player.sent = crowd.sent();
        }
    }
    Ok(())
}

/// A server and tokens of people who signed up there.
pub(in crate::case) fn stage(plan: &Plan, settings: &[(&str, &str)]) -> Result<(Stage, Vec<String>)> {
    let stage = Stage::for_chat(plan, settings)?;
    let tokens = people::tokens(stage.address(), PEOPLE)?;
    Ok((stage, tokens))
}

impl Scene {
    fn layout<'a>(&self, player: &Player<'a>) -> Layout<'a> {
        let Self { name, rooms, seats, senders, .. } = *self;
        Layout { dialect: player.dialect, name, rooms, seats, senders, tokens: player.tokens }
    }
}

impl Contest {
    /// What the server left.
    pub(in crate::case) fn folder(&self) -> &Path {
        self.stage.folder()
    }

    /// The database that the server left.
    pub(in crate::case) fn database(&self) -> PathBuf {
        self.folder().join("parlour.db")
    }
}

impl Rounds {
    fn each(&self, value: impl Fn(&Tally) -> f64) -> Vec<f64> {
        self.0.iter().map(value).collect()
    }

    /// Deliveries a second, the median of the rounds.
    pub(in crate::case) fn rate(&self) -> f64 {
        median(&self.each(Tally::rate))
    }

    /// Microseconds of processor a delivery, the median of the rounds.
    pub(in crate::case) fn cost(&self) -> f64 {
        median(&self.each(Tally::cost))
    }

    /// The latency that this share of the deliveries did not exceed, milliseconds, the median of the rounds.
    pub(in crate::case) fn latency(&self, share: f64) -> f64 {
        median(&self.each(|tally| tally.latency(share)))
    }

    /// As [`Self::latency`], of the deliveries that went from one process to another.
    pub(in crate::case) fn crossing(&self, share: f64) -> f64 {
        median(&self.each(|tally| tally.crossing(share)))
    }

    /// Microseconds of processor a delivery, of each of what its processes stand on: the medians of the rounds.
    pub(in crate::case) fn costs_below(&self) -> Vec<f64> {
        let rounds: Vec<Vec<f64>> = self.0.iter().map(Tally::costs_below).collect();
        let count = rounds.first().map_or(0, Vec::len);
        (0..count).map(|which| median(&rounds.iter().map(|round| round[which]).collect::<Vec<_>>())).collect()
    }

    /// Its rates beside a floor's, the median of the rounds' ratios.
    pub(in crate::case) fn rate_beside(&self, floor: &Self) -> f64 {
        median(&ratios(&self.each(Tally::rate), &floor.each(Tally::rate)))
    }

    /// Its costs beside a floor's, the median of the rounds' ratios.
    pub(in crate::case) fn cost_beside(&self, floor: &Self) -> f64 {
        median(&ratios(&self.each(Tally::cost), &floor.each(Tally::cost)))
    }

    /// What one must know to judge: cost, latencies, and whether it was the server or the load that had no more to give.
    pub(in crate::case) fn told(&self) -> String {
        let share = |which: usize| 100.0 * median(&self.each(|tally| tally.shares()[which]));
        format!(
            "{:.0} thousand deliveries/s of {:.2} µs (p50 {:.2}, p99 {:.2}, p99.9 {:.2} ms; server {:.0} % and load {:.0} % of a core, waiting {:.0} %)",
            self.rate() / 1e3,
            self.cost(),
            self.latency(0.5),
            self.latency(0.99),
            self.latency(0.999),
            share(0),
            share(1),
            share(2),
        )
    }
}
