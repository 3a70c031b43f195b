//! Running a prepared statement on a connection.

use rusqlite::{Connection, params_from_iter};

use crate::Result;
use crate::database::{FromRow, Params, Row, Sql};

/// The first row, if there is one.
pub(crate) fn first<R: FromRow>(connection: &Connection, sql: Sql, params: &Params) -> Result<Option<R>> {
    let mut statement = connection.prepare_cached(sql.sqlite)?;
    let mut rows = statement.query(params_from_iter(params))?;
    let first = rows.next()?.map(|row| R::from_row(&mut Row::sqlite(row))).transpose()?;
    // To the end of the statement: only there are immediate foreign keys checked.
    if first.is_some() {
        rows.next()?;
    }
    Ok(first)
}

/// All rows.
pub(crate) fn all<R: FromRow>(connection: &Connection, sql: Sql, params: &Params) -> Result<Vec<R>> {
    let mut statement = connection.prepare_cached(sql.sqlite)?;
    let mut rows = statement.query(params_from_iter(params))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(R::from_row(&mut Row::sqlite(row))?);
    }
    Ok(all)
}

/// Changes something; the number of rows that were changed.
pub(crate) fn run(connection: &Connection, sql: Sql, params: &Params) -> Result<u64> {
    let changed = connection.prepare_cached(sql.sqlite)?.execute(params_from_iter(params))?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}
