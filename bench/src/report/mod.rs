//! What was measured, as one table: for the terminal, and for the file that keeps the figures.

mod amount;
mod section;

pub(crate) use amount::{Amount, Goal};
pub(crate) use section::replace_section;

/// What a case found.
pub(crate) struct Outcome {
    /// Its lines of the table.
    pub(crate) figures: Vec<Figure>,
    /// What a reader must know to judge them, a paragraph each.
    pub(crate) notes: Vec<String>,
}

impl Outcome {
    /// That of a case which could not be measured: no goal of it is met.
    pub(crate) fn broken(case: &str, fault: &dyn std::fmt::Display) -> Self {
        let nothing = Figure::new(case, Amount::Count(f64::NAN)).goal(Goal::AtLeast(0.0));
        Self { figures: vec![nothing], notes: vec![format!("{case} could not be measured: {fault}.")] }
    }
}

/// One line of the table.
pub(crate) struct Figure {
    what: String,
    beside: Option<(Amount, Amount)>,
    result: Amount,
    goal: Option<Goal>,
}

const COLUMNS: [&str; 6] = ["what", "floor", "Parlour", "result", "goal", ""];

impl Outcome {
    /// Whether every goal was met.
    pub(crate) fn met(&self) -> bool {
        self.figures.iter().all(|figure| figure.met() != Some(false))
    }
}

impl Figure {
    /// A figure without a goal.
    pub(crate) fn new(what: &str, result: Amount) -> Self {
        Self { what: what.to_owned(), beside: None, result, goal: None }
    }

    /// With what was measured: of the floor (or, where there is none, of the calm before), and of Parlour.
    pub(crate) fn beside(self, floor: Amount, server: Amount) -> Self {
        Self { beside: Some((floor, server)), ..self }
    }

    /// With what the result must reach.
    pub(crate) fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    fn met(&self) -> Option<bool> {
        self.goal.map(|goal| goal.met_by(self.result))
    }

    fn cells(&self) -> [String; 6] {
        let (floor, server) = self.beside.unzip();
        let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string()).unwrap_or_default();
        let goal = self.goal.map(|goal| goal.in_unit_of(self.result)).unwrap_or_default();
        let verdict = match self.met() {
            None => "",
            Some(true) => "met",
            Some(false) => "**missed**",
        };
        [self.what.clone(), text(floor), text(server), self.result.to_string(), goal, verdict.to_owned()]
    }
}

/// The figures of all cases as a Markdown table that is also readable as it stands, with the notes below it.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let heads = COLUMNS.map(str::to_owned);
    let rows: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.figures).map(Figure::cells).collect();
    let width = |column: usize| {
        let cells = std::iter::once(&heads).chain(&rows).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let rule = widths.map(|width| "-".repeat(width));
    let lines = [&heads, &rule].into_iter().chain(&rows).map(|row| line(row, widths));
    let notes = outcomes.iter().flat_map(|outcome| &outcome.notes).map(|note| format!("\n{note}\n"));
    lines.chain(notes).collect()
}

fn line(cells: &[String; 6], widths: [usize; 6]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!(" {cell:<width$} |"));
    format!("|{}\n", padded.collect::<String>())
}

/// The section that keeps the figures: what it is measured on, then the table.
pub(crate) fn section(machine: &str, outcomes: &[Outcome]) -> String {
    format!("{machine}\n\n{}", table(outcomes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(rate: f64) -> Outcome {
        let first = Figure::new("logins", Amount::Ratio(rate))
            .beside(Amount::PerSecond(100.0), Amount::PerSecond(97.0))
            .goal(Goal::AtLeast(0.95));
        Outcome { figures: vec![first, Figure::new("size", Amount::Mebibytes(9.0))], notes: vec!["A note.".to_owned()] }
    }

    #[test]
    fn a_table_has_even_columns_and_says_what_was_missed() {
        let expected = "\
            | what   | floor   | Parlour | result  | goal    |            |\n\
            | ------ | ------- | ------- | ------- | ------- | ---------- |\n\
            | logins | 100.0/s | 97.0/s  | 0.900   | ≥ 0.950 | **missed** |\n\
            | size   |         |         | 9.0 MiB |         |            |\n\
            \nA note.\n";
        assert_eq!(table(&[outcome(0.9)]), expected);
    }

    #[test]
    fn an_outcome_is_met_when_no_goal_is_missed() {
        assert!(outcome(0.96).met());
        assert!(!outcome(0.94).met());
        assert!(!outcome(f64::NAN).met(), "nothing measured is nothing met");
    }

    #[test]
    fn a_broken_case_meets_nothing() {
        let broken = Outcome::broken("logins", &"no server");
        assert!(!broken.met());
        assert!(table(&[broken]).ends_with("\nlogins could not be measured: no server.\n"));
    }

    #[test]
    fn the_section_begins_with_the_machine() {
        let text = section("A machine.", &[outcome(1.0)]);
        assert!(text.starts_with("A machine.\n\n| what "), "{text}");
    }
}
