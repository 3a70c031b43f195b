//! The request that every page makes first, beside an axum that answers as long a body and knows nobody.

use std::time::{Duration, Instant};

use super::{Case, Section};
use crate::Result;
use crate::cores::Cores;
use crate::load::closed::{Pace, answers_a_second};
use crate::load::drive;
use crate::load::request::{self, Request};
use crate::load::visitor::Visitor;
use crate::measure::{median, ratios};
use crate::people;
use crate::plan::Plan;
use crate::process::{Process, Worker, computed_here};
use crate::report::{Amount, Figure, Goal, Outcome};
use crate::stage::Stage;

pub(super) const CASE: Case =
    Case { section: Section::Accounts, name: "me", about: "`GET /api/users/me/` a second beside a bare axum", run };

const PACE: Pace = Pace { connections: 64, warm_up: Duration::from_millis(300), window: Duration::ZERO };

/// The rounds of one kind of request.
#[derive(Default)]
struct Series {
    /// Answers a second.
    rates: Vec<f64>,
    /// Shares of one core that the server and the load took.
    server: Vec<f64>,
    load: Vec<f64>,
}

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    let stage = here.run(|| Stage::set(plan, 1))?;
    let by_cookie = stage.person()?.me_by_cookie();
    let by_token = people::me_by_token(&stage.person()?.token(stage.address())?);
    let bytes = Visitor::open(stage.address())?.expect(&by_cookie, 200)?.body.len();
    let floor = here.run(|| Process::floor(&["hello".to_owned(), bytes.to_string()]))?;
    let hello = request::get("/", &[]);
    let pace = Pace { window: plan.window(2), ..PACE };
    let mut series = [Series::default(), Series::default(), Series::default()];
    for _ in 0..plan.rounds(7) {
        let turns = [(&floor, &hello), (&stage.server, &by_cookie), (&stage.server, &by_token)];
        for (series, (server, request)) in series.iter_mut().zip(turns) {
            series.measure(&there, server, request, pace)?;
        }
    }
    Ok(outcome(&series, bytes))
}

impl Series {
    fn measure(&mut self, cores: &Cores, server: &Process, request: &Request, pace: Pace) -> Result<()> {
        let (start, server_before, load_before) = (Instant::now(), server.computed()?, computed_here()?);
        let requests = [Request::clone(request)];
        self.rates.push(drive(cores, || answers_a_second(server.address(), &requests, pace))?);
        let elapsed = start.elapsed().as_secs_f64();
        self.server.push((server.computed()? - server_before) / elapsed);
        self.load.push((computed_here()? - load_before) / elapsed);
        Ok(())
    }

    fn beside(&self, floor: &Self, what: &str) -> Figure {
        Figure::new(what, Amount::Ratio(median(&ratios(&self.rates, &floor.rates))))
            .beside(Amount::PerSecond(median(&floor.rates)), Amount::PerSecond(median(&self.rates)))
            .goal(Goal::AtLeast(0.8))
    }

    /// What the server computes for one answer: the same comparison where neither the load nor the rest of the machine
    /// has a part in it, but the kernel's coarse clock has.
    fn cost_beside(&self, floor: &Self, what: &str) -> Figure {
        let (floors, costs) = (floor.costs(), self.costs());
        Figure::new(what, Amount::Ratio(median(&ratios(&costs, &floors))))
            .beside(Amount::Microseconds(median(&floors)), Amount::Microseconds(median(&costs)))
    }

    /// Microseconds of the server's processor an answer.
    fn costs(&self) -> Vec<f64> {
        self.server.iter().zip(&self.rates).map(|(share, rate)| share * 1e6 / rate).collect()
    }

    fn shares(&self) -> String {
        format!("{:.0} % and {:.0} %", 100.0 * median(&self.server), 100.0 * median(&self.load))
    }
}

fn outcome([floor, cookie, token]: &[Series; 3], bytes: usize) -> Outcome {
    let figures = vec![
        cookie.beside(floor, "`GET /api/users/me/` with a cookie"),
        token.beside(floor, "`GET /api/users/me/` with a bearer"),
        cookie.cost_beside(floor, "processor time of an answer with a cookie"),
        token.cost_beside(floor, "processor time of an answer with a bearer"),
    ];
    let notes = vec![format!(
        "Server and load each had a core of their own where there are two; {} connections, bodies of {bytes} bytes. \
         Of one core, server and load took: floor {}, cookie {}, bearer {}.",
        PACE.connections,
        floor.shares(),
        cookie.shares(),
        token.shares(),
    )];
    Outcome { figures, notes }
}
