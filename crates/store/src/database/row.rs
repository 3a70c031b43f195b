//! What comes out of a statement: rows whose columns are taken in order.

use parlour_model::{AccountId, AdminLevel, Contract, Epoch, Role, RoomId, SessionId, Timestamp, Username, Visibility};
use rusqlite::types::ValueRef;
use tokio_postgres::types::Type;

use super::Value;
use crate::{Error, Result};

/// One row, with a finger on the next column.
pub struct Row<'r> {
    source: Source<'r>,
    next: usize,
}

enum Source<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

/// One column of one row.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'r> {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// Text.
    Text(&'r str),
    /// Bytes.
    Bytes(&'r [u8]),
}

/// What can be read from a whole row, or from the next few columns of one.
pub trait FromRow: Sized + Send + 'static {
    /// Takes as many columns as it needs.
    fn from_row(row: &mut Row<'_>) -> Result<Self>;
}

/// What can be read from one column.
pub trait FromCell: Sized {
    /// The value; `None` when the column holds something else.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

impl<'r> Row<'r> {
    pub(super) fn sqlite(row: &'r rusqlite::Row<'r>) -> Self {
        Self { source: Source::Sqlite(row), next: 0 }
    }

    pub(super) fn postgres(row: &'r tokio_postgres::Row) -> Self {
        Self { source: Source::Postgres(row), next: 0 }
    }

    /// The value of the next column.
    pub fn take<T: FromCell>(&mut self) -> Result<T> {
        let column = self.next;
        self.next += 1;
        let cell = match self.source {
            Source::Sqlite(row) => sqlite_cell(row, column)?,
            Source::Postgres(row) => postgres_cell(row, column)?,
        };
        T::from_cell(cell)
            .ok_or_else(|| Error::failed(format!("column {column} cannot be read as {}", std::any::type_name::<T>())))
    }
}

/// All columns that are left, whatever is in them.
impl FromRow for Vec<Value> {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        let columns = match row.source {
            Source::Sqlite(row) => row.as_ref().column_count(),
            Source::Postgres(row) => row.len(),
        };
        (row.next..columns).map(|_| row.take()).collect()
    }
}

impl FromCell for Value {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        Some(match cell {
            Cell::Null => Self::Null,
            Cell::Int(number) => Self::Int(number),
            Cell::Text(text) => Self::Text(text.to_owned()),
            Cell::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        })
    }
}

fn sqlite_cell<'r>(row: &'r rusqlite::Row<'r>, column: usize) -> Result<Cell<'r>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text).map_err(Error::failed)?),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes),
        ValueRef::Real(_) => return Err(Error::failed(format!("column {column} is a real number"))),
    })
}

fn postgres_cell(row: &tokio_postgres::Row, column: usize) -> Result<Cell<'_>> {
    let kind = row.columns().get(column).map(tokio_postgres::Column::type_);
    Ok(match kind {
        Some(&Type::INT8) => row.try_get::<_, Option<i64>>(column)?.map_or(Cell::Null, Cell::Int),
        Some(&Type::TEXT) => row.try_get::<_, Option<&str>>(column)?.map_or(Cell::Null, Cell::Text),
        Some(&Type::BYTEA) => row.try_get::<_, Option<&[u8]>>(column)?.map_or(Cell::Null, Cell::Bytes),
        Some(kind) => return Err(Error::failed(format!("column {column} is of type {kind}"))),
        None => return Err(Error::failed(format!("there is no column {column}"))),
    })
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

/// Kinds of value that are kept as an integer, as text or as bytes.
macro_rules! read_from {
    ($($cell:ident($value:ident) => $kind:ty: $read:expr;)+) => {
        $(impl FromCell for $kind {
            fn from_cell(cell: Cell<'_>) -> Option<Self> {
                match cell {
                    Cell::$cell($value) => $read,
                    _ => None,
                }
            }
        })+
    };
}

read_from! {
    Int(value) => i64: Some(value);
    Int(value) => Timestamp: Some(Self(value));
    Int(value) => AccountId: Some(Self(value));
    Int(value) => SessionId: Some(Self(value));
    Int(value) => RoomId: Some(Self(value));
    Int(value) => Epoch: Some(Self(value));
    Int(value) => AdminLevel: Self::from_number(value);
    Text(value) => String: Some(value.to_owned());
    Text(value) => Username: Some(Self::stored(value.to_owned()));
    Text(value) => Contract: Self::from_name(value);
    Text(value) => Role: Self::from_name(value);
    Text(value) => Visibility: Self::from_name(value);
    Bytes(value) => Vec<u8>: Some(value.to_vec());
    Bytes(value) => [u8; 32]: value.try_into().ok();
}

/// Rows of a few plain columns.
macro_rules! rows_of {
    ($($($column:ident)+;)+) => {
        $(impl<$($column: FromCell + Send + 'static),+> FromRow for ($($column,)+) {
            fn from_row(row: &mut Row<'_>) -> Result<Self> {
                Ok(($(row.take::<$column>()?,)+))
            }
        })+
    };
}

rows_of! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}
