//! What goes into a statement: four kinds of value, as both databases take them.

use std::error::Error as StdError;

use bytes::BytesMut;
use parlour_model::{AccountId, Contract, Epoch, Role, RoomId, SessionId, SourcePrefix, Timestamp, Visibility};
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// One parameter. Integers are 64 bits wide everywhere, because PostgreSQL encodes by the column's type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number, a time in microseconds since 1970, or an id.
    Int(i64),
    /// Text without U+0000.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Numbers of many rows, for PostgreSQL alone.
    Ints(Vec<Option<i64>>),
    /// Texts of many rows, for PostgreSQL alone.
    Texts(Vec<Option<String>>),
}

/// A statement's parameters, `$1` first.
pub type Params = Vec<Value>;

/// Makes [`Params`] of values of any kind that can be kept.
#[macro_export]
#[doc(hidden)]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::database::Value::from($value)),*] };
}

/// Text as it can be kept: PostgreSQL has no U+0000 in text, so U+FFFD stands for it, on both databases alike.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(storable(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        if text.contains('\0') { Self::Text(storable(&text)) } else { Self::Text(text) }
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Kinds of value that are kept as an integer, as text or as bytes.
macro_rules! kept_as {
    ($($kind:ty, $value:ident => $kept:expr;)+) => {
        $(impl From<$kind> for Value {
            fn from($value: $kind) -> Self {
                $kept
            }
        })+
    };
}

kept_as! {
    i64, value => Self::Int(value);
    Timestamp, value => Self::Int(value.0);
    AccountId, value => Self::Int(value.0);
    SessionId, value => Self::Int(value.0);
    RoomId, value => Self::Int(value.0);
    Epoch, value => Self::Int(value.0);
    &String, value => Self::from(value.as_str());
    Contract, value => Self::from(value.name());
    Role, value => Self::from(value.name());
    Visibility, value => Self::from(value.name());
    SourcePrefix, value => Self::Text(value.to_string());
    [u8; 32], value => Self::Bytes(value.to_vec());
    &[u8], value => Self::Bytes(value.to_vec());
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Ints(_) | Self::Texts(_) => {
                return Err(rusqlite::Error::ToSqlConversionFailure("SQLite takes no arrays".into()));
            }
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Self::Text(text) if *kind == Type::TEXT => text.to_sql(kind, out),
            Self::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Self::Ints(numbers) if *kind == Type::INT8_ARRAY => numbers.to_sql(kind, out),
            Self::Texts(texts) if *kind == Type::TEXT_ARRAY => texts.to_sql(kind, out),
            other => Err(format!("the statement takes {kind} where {} was given", other.kind()).into()),
        }
    }

    fn accepts(kind: &Type) -> bool {
        const OURS: [Type; 6] =
            [Type::INT8, Type::TEXT, Type::BYTEA, Type::UNKNOWN, Type::INT8_ARRAY, Type::TEXT_ARRAY];
        OURS.contains(kind)
    }

    to_sql_checked!();
}

/// The same parameters of many rows, column by column. A column without a value is nothing at all: `unnest` fills it up.
pub(super) fn columns(rows: Vec<Params>) -> Params {
    let width = rows.first().map_or(0, Vec::len);
    let mut columns: Vec<Vec<Value>> = std::iter::repeat_with(|| Vec::with_capacity(rows.len())).take(width).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns.into_iter().map(Value::column).collect()
}

impl Value {
    fn column(values: Vec<Self>) -> Self {
        match values.iter().find(|value| **value != Self::Null) {
            None => Self::Null,
            Some(Self::Int(_)) => Self::Ints(values.into_iter().map(Self::int).collect()),
            Some(_) => Self::Texts(values.into_iter().map(Self::text).collect()),
        }
    }

    fn int(self) -> Option<i64> {
        if let Self::Int(number) = self { Some(number) } else { None }
    }

    fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// What kind of value it is; the value itself may be a secret.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Ints(_) => "numbers",
            Self::Texts(_) => "texts",
        }
    }
}
