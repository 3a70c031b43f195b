//! PostgreSQL: a pool of connections whose statements are prepared once and pipelined.

use std::time::Duration;

use deadpool_postgres::{
    Client, GenericClient, Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::future::try_join_all;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls};

use super::{FromRow, Params, Row, Sql, Statement, Tx};
use crate::{Error, Result};

/// Waits for any other program that migrates this database. The number is ours alone: the bytes of `parlour`.
pub(super) const LOCK_SCHEMA: &str = "SELECT pg_advisory_xact_lock(31632341465003378)";

/// What every promise of the store leans on, whatever the server's configuration says. A transaction that waits
/// too long for a row gives up, and one whose program hangs does not keep the row for ever.
const SETTINGS: &str = "SET synchronous_commit TO on; SET default_transaction_isolation TO 'read committed'; \
    SET lock_timeout TO '10s'; SET idle_in_transaction_session_timeout TO '60s'";

const MOST_CONNECTIONS: usize = 16;

/// How long a call waits for a connection before it is [`Error::Busy`].
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a transaction is run when others keep getting in its way.
const MOST_TRIES: usize = 10;

/// A database on a server. Cheap to clone.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
}

impl Postgres {
    pub(crate) fn open(url: &str) -> Result<Self> {
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| Error::failed(error))?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let settings = Hook::async_fn(|client, _| {
            Box::pin(async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .max_size(MOST_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) })
            .post_create(settings)
            .build()
            .map_err(Error::failed)?;
        Ok(Self { pool })
    }

    pub(super) async fn get<R: FromRow>(&self, sql: Sql, params: &Params) -> Result<Option<R>> {
        first(&self.client().await?, sql, params).await
    }

    pub(super) async fn all<R: FromRow>(&self, sql: Sql, params: &Params) -> Result<Vec<R>> {
        all(&self.client().await?, sql, params).await
    }

    pub(super) async fn get_each<R: FromRow>(&self, sql: Sql, each: &[Params]) -> Result<Vec<Option<R>>> {
        first_of_each(&self.client().await?, sql, each).await
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<T> + Send + Sync,
    {
        let mut tries = 1;
        loop {
            match self.attempt(&work).await {
                Err(error) if tries < MOST_TRIES && has_state(&error, &[IN_THE_WAY, OUTDATED].concat()) => tries += 1,
                Err(error) if has_state(&error, &IN_THE_WAY) => return Err(Error::Busy),
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T, F>(&self, work: &F) -> Result<T>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<T> + Send + Sync,
    {
        let mut client = self.client().await?;
        // Dropped before its commit, by an error or because nobody waits any more, it rolls itself back.
        let transaction = client.transaction().await?;
        let value = work(&mut Tx::Postgres(&transaction)).await?;
        transaction.commit().await?;
        Ok(value)
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }

    async fn client(&self) -> Result<Client> {
        Ok(self.pool.get().await?)
    }
}

pub(super) async fn first<R: FromRow>(client: &impl GenericClient, sql: Sql, params: &Params) -> Result<Option<R>> {
    let statement = client.prepare_cached(sql.postgres).await?;
    let rows = client.query(&statement, &borrowed(params)).await?;
    rows.first().map(|row| R::from_row(&mut Row::postgres(row))).transpose()
}

pub(super) async fn all<R: FromRow>(client: &impl GenericClient, sql: Sql, params: &Params) -> Result<Vec<R>> {
    let statement = client.prepare_cached(sql.postgres).await?;
    let rows = client.query(&statement, &borrowed(params)).await?;
    rows.iter().map(|row| R::from_row(&mut Row::postgres(row))).collect()
}

pub(super) async fn run(client: &impl GenericClient, sql: Sql, params: &Params) -> Result<u64> {
    let statement = client.prepare_cached(sql.postgres).await?;
    Ok(client.execute(&statement, &borrowed(params)).await?)
}

/// The queries are sent together and answered in order.
pub(super) async fn first_of_each<R: FromRow>(
    client: &impl GenericClient,
    sql: Sql,
    each: &[Params],
) -> Result<Vec<Option<R>>> {
    let statement = client.prepare_cached(sql.postgres).await?;
    let answers = each.iter().map(async |params| client.query(&statement, &borrowed(params)).await);
    let answers = try_join_all(answers).await?;
    answers.iter().map(|rows| rows.first().map(|row| R::from_row(&mut Row::postgres(row))).transpose()).collect()
}

/// The statements are sent together and run in order.
pub(super) async fn run_all(client: &impl GenericClient, work: &[Statement]) -> Result<Vec<u64>> {
    let mut prepared = Vec::with_capacity(work.len());
    for (sql, params) in work {
        prepared.push((client.prepare_cached(sql.postgres).await?, params));
    }
    let answers = prepared.iter().map(async |(statement, params)| client.execute(statement, &borrowed(params)).await);
    Ok(try_join_all(answers).await?)
}

fn borrowed(params: &Params) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// Another transaction got in the way; nothing is wrong with this one.
const IN_THE_WAY: [SqlState; 2] = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];

/// What this transaction saw has changed meanwhile: a row was made, or one that another leans on has gone. Run
/// again, it sees that. When it still fails then, it is a bug.
const OUTDATED: [SqlState; 2] = [SqlState::UNIQUE_VIOLATION, SqlState::FOREIGN_KEY_VIOLATION];

fn has_state(error: &Error, states: &[SqlState]) -> bool {
    let Error::Failed(cause) = error else { return false };
    let state = cause.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
    state.is_some_and(|state| states.contains(state))
}

/// Whether the server is away, going away, or has no room for us now.
fn is_away(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else {
        // Without a state it is not the server that speaks: the line broke, or was never there.
        return error.is_closed()
            || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
    };
    let away = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    away.contains(state) || state.code().starts_with("08")
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        if is_away(&error) {
            tracing::debug!(%error, "PostgreSQL is away");
            return Self::Busy;
        }
        Self::failed(error)
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(_) | PoolError::Closed => Self::Busy,
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => error.into(),
            other => Self::failed(other),
        }
    }
}
