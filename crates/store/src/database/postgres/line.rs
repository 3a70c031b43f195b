//! One connection: what is asked on it, prepared or not, and not for ever.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, Row, Statement as Prepared};

use super::super::{Params, Sql, Statement, Value};
use super::fault;
use crate::{Error, Result};

/// A connection and what has been prepared on it.
pub(super) struct Line {
    client: Client,
    prepared: HashMap<Text, Prepared>,
    prepares: bool,
    /// How long an answer may take before the line counts as broken.
    deadline: Duration,
    /// What is said before the next question, without waiting for its answer.
    opening: Option<Arc<str>>,
    /// What has been asked and not been answered.
    open: Open,
    broken: bool,
    /// Whether it is not given to anybody else.
    is_last: bool,
}

/// A question whose answer has not come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Question,
    /// It is never cancelled: of a commit that waits for its copy on another machine, the server would say yes before it is there.
    Commit,
}

/// The longest that a change of the schema may take.
const LONG: Duration = Duration::from_hours(24);

/// A text by its place in the program, which is quicker to find than by its letters.
type Text = (usize, usize);

type Answer<T> = std::result::Result<T, tokio_postgres::Error>;

/// A statement as it is sent: by the name that it has on this connection, or with its text.
enum Spoken {
    Prepared(Prepared),
    Text(&'static str),
}

impl Line {
    pub(super) fn new(client: Client, prepares: bool, deadline: Duration) -> Self {
        let (opening, open, broken, is_last) = (None, Open::Nothing, false, false);
        Self { client, prepared: HashMap::new(), prepares, deadline, opening, open, broken, is_last }
    }

    /// Whether it can be given to the next one.
    pub(super) fn is_fit(&self) -> bool {
        !self.is_last && self.stands()
    }

    /// Whether it was asked something and has not answered: whoever asked has gone away, or has waited for long enough.
    pub(super) fn is_asked(&self) -> bool {
        self.open != Open::Nothing && !self.client.is_closed()
    }

    /// Waits until all that was asked is answered; `false` if nothing more comes.
    pub(super) async fn is_quiet(&self) -> bool {
        self.client.batch_execute("").await.is_ok()
    }

    /// What cancels its question, if that may be cancelled.
    pub(super) fn cancellation(&self) -> Option<CancelToken> {
        (self.open == Open::Question).then(|| self.client.cancel_token())
    }

    /// It has answered.
    pub(super) fn answered(mut self) -> Self {
        self.open = Open::Nothing;
        self
    }

    fn stands(&self) -> bool {
        !self.broken && !self.client.is_closed()
    }

    /// Waits as long as it takes, from now on; nobody gets it after that.
    pub(super) fn take_time(&mut self) {
        self.deadline = LONG;
        self.is_last = true;
    }

    /// Says something before the next question and does not wait for the answer.
    pub(super) fn open_with(&mut self, opening: Arc<str>) {
        self.opening = Some(opening);
    }

    /// Says something last, which nobody waits for.
    pub(super) fn close_with(&mut self, closing: &str) {
        // What has not been said need not be taken back. The first poll sends; the rest is the answer.
        if self.opening.take().is_none() && self.stands() && self.client.batch_execute(closing).now_or_never().is_some()
        {
            self.broken = true;
        }
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        if self.opening.take().is_some() {
            // Nothing was said, and what would have been said first must not open the next one's question.
            return Ok(());
        }
        self.open = Open::Commit;
        let answer = in_time(&self.client, None, self.deadline, self.client.batch_execute("COMMIT")).await;
        self.judge(answer)
    }

    pub(super) async fn batch(&mut self, script: &str) -> Result<()> {
        let opening = self.ask();
        let answer = in_time(&self.client, opening, self.deadline, self.client.batch_execute(script)).await;
        self.judge(answer)
    }

    pub(super) async fn query(&mut self, sql: Sql, params: &Params) -> Result<Vec<Row>> {
        let spoken = self.spoken(sql).await?;
        let opening = self.ask();
        let answer = in_time(&self.client, opening, self.deadline, spoken.query(&self.client, params)).await;
        self.judge(answer)
    }

    pub(super) async fn execute(&mut self, sql: Sql, params: &Params) -> Result<u64> {
        let spoken = self.spoken(sql).await?;
        let opening = self.ask();
        let answer = in_time(&self.client, opening, self.deadline, spoken.execute(&self.client, params)).await;
        self.judge(answer)
    }

    /// The queries are sent together and answered in order.
    pub(super) async fn query_each(&mut self, sql: Sql, each: &[Params]) -> Result<Vec<Vec<Row>>> {
        if each.is_empty() {
            return Ok(Vec::new());
        }
        let spoken = self.spoken(sql).await?;
        let opening = self.ask();
        let answers = all(each.iter().map(|params| spoken.query(&self.client, params)));
        let answer = in_time(&self.client, opening, self.deadline, answers).await;
        self.judge(answer)
    }

    /// The statements are sent together and run in order.
    pub(super) async fn execute_all(&mut self, work: &[Statement]) -> Result<Vec<u64>> {
        if work.is_empty() {
            return Ok(Vec::new());
        }
        let mut spoken = Vec::with_capacity(work.len());
        for (sql, params) in work {
            spoken.push((self.spoken(*sql).await?, params));
        }
        let opening = self.ask();
        let answers = all(spoken.iter().map(|(spoken, params)| spoken.execute(&self.client, params)));
        let answer = in_time(&self.client, opening, self.deadline, answers).await;
        self.judge(answer)
    }

    async fn spoken(&mut self, sql: Sql) -> Result<Spoken> {
        if !self.prepares {
            return Ok(Spoken::Text(sql.postgres));
        }
        let text = (sql.postgres.as_ptr().addr(), sql.postgres.len());
        if let Some(prepared) = self.prepared.get(&text) {
            return Ok(Spoken::Prepared(prepared.clone()));
        }
        let opening = self.ask();
        let answer = in_time(&self.client, opening, self.deadline, self.client.prepare(sql.postgres)).await;
        let prepared = self.judge(answer)?;
        self.prepared.insert(text, prepared.clone());
        Ok(Spoken::Prepared(prepared))
    }

    /// A question goes out; what is said before it.
    fn ask(&mut self) -> Option<Arc<str>> {
        self.open = Open::Question;
        self.opening.take()
    }

    fn judge<T>(&mut self, answer: Option<Answer<T>>) -> Result<T> {
        match answer {
            Some(Ok(value)) => {
                self.open = Open::Nothing;
                Ok(value)
            }
            Some(Err(error)) => {
                self.open = Open::Nothing;
                self.broken |= fault::breaks_the_line(&error);
                Err(error.into())
            }
            None => {
                tracing::warn!("PostgreSQL does not answer; the connection is dropped");
                self.broken = true;
                Err(Error::Busy)
            }
        }
    }
}

/// All answers to questions that are sent together, also where one of them is an error: the line is not free before the last.
async fn all<T>(questions: impl Iterator<Item = impl Future<Output = Answer<T>>>) -> Answer<Vec<T>> {
    join_all(questions).await.into_iter().collect()
}

/// The answer to a question that is sent right behind an opening; `None` when it does not come.
async fn in_time<T>(
    client: &Client,
    opening: Option<Arc<str>>,
    deadline: Duration,
    question: impl Future<Output = Answer<T>>,
) -> Option<Answer<T>> {
    let both = async {
        let Some(opening) = opening else { return question.await };
        let (opened, answer) = join(client.batch_execute(&opening), question).await;
        opened.and(answer)
    };
    timeout(deadline, both).await.ok()
}

impl Spoken {
    async fn query(&self, client: &Client, params: &Params) -> Answer<Vec<Row>> {
        match self {
            Self::Prepared(prepared) => client.query(prepared, &borrowed(params)).await,
            Self::Text(text) => client.query_typed(text, &typed(params)).await,
        }
    }

    async fn execute(&self, client: &Client, params: &Params) -> Answer<u64> {
        match self {
            Self::Prepared(prepared) => client.execute(prepared, &borrowed(params)).await,
            Self::Text(text) => client.execute_typed(text, &typed(params)).await,
        }
    }
}

fn borrowed(params: &Params) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn typed(params: &Params) -> Vec<(&(dyn ToSql + Sync), Type)> {
    params.iter().map(|value| (value as &(dyn ToSql + Sync), type_of(value))).collect()
}

/// The type that a value is sent as; of nothing, the server finds it out.
const fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::UNKNOWN,
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
        Value::Ints(_) => Type::INT8_ARRAY,
        Value::Texts(_) => Type::TEXT_ARRAY,
    }
}
