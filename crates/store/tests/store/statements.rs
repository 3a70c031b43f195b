//! Every statement in the source is one that both databases understand, in the few types that the store has.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::types::Type;

use crate::harness::{Home, Place, connect};

/// A statement as both databases would get it, or the one it is for, and where it stands.
struct Found {
    place: String,
    text: String,
    meant_for: Option<Dialect>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Postgres,
    Sqlite,
}

/// The statements that a database gets.
fn statements_for(dialect: Dialect) -> impl Iterator<Item = Found> {
    statements().into_iter().filter(move |found| found.meant_for.is_none_or(|meant_for| meant_for == dialect))
}

#[tokio::test]
async fn every_statement_is_understood_by_sqlite() {
    let home = Home::sqlite().await;
    let Place::Folder(folder) = &home.place else { unreachable!() };
    let connection = folder.connection();
    for Found { place, text, .. } in statements_for(Dialect::Sqlite) {
        if let Err(error) = connection.prepare(&text.replace('$', "?")) {
            panic!("{place}: {error}\n{text}");
        }
    }
    home.end().await;
}

#[tokio::test]
async fn every_statement_is_understood_by_postgresql_in_few_types() {
    let home = Home::postgres().await;
    let Place::Server(server) = &home.place else { unreachable!() };
    let client = connect(&server.url).await;
    let ours = [Type::INT8, Type::TEXT, Type::BYTEA, Type::INT8_ARRAY, Type::TEXT_ARRAY];
    for Found { place, text, .. } in statements_for(Dialect::Postgres) {
        let prepared = client.prepare(&text).await.unwrap_or_else(|error| panic!("{place}: {error:?}\n{text}"));
        // `SELECT 1` inside EXISTS is never read; whatever is read must be of a type that the store reads.
        let columns = prepared.columns().iter().map(tokio_postgres::Column::type_);
        for kind in prepared.params().iter().chain(columns) {
            assert!(ours.contains(kind), "{place}: {kind}\n{text}");
        }
    }
    home.end().await;
}

/// All statements of the crate's source: what stands between the brackets of each `sql!(…)`.
fn statements() -> Vec<Found> {
    let sources: Vec<(PathBuf, String)> =
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).into_iter().map(read).collect();
    let all: String = sources.iter().map(|(_, text)| text.as_str()).collect();
    let mut found = Vec::new();
    for (path, text) in &sources {
        // Of two that are said together the first is PostgreSQL's.
        let mut pairs = text.match_indices("Sql::each(").map(|(at, _)| at).peekable();
        let mut second = false;
        for (at, _) in text.match_indices("sql!(") {
            let line = text[..at].matches('\n').count() + 1;
            let place = format!("{}:{line}", path.display());
            let meant_for = if std::mem::take(&mut second) {
                Some(Dialect::Sqlite)
            } else if pairs.next_if(|pair| *pair < at).is_some() {
                second = true;
                Some(Dialect::Postgres)
            } else {
                None
            };
            found.push(Found { text: parts(&text[at + "sql!(".len()..], &all, &place), place, meant_for });
        }
    }
    assert!(found.len() > 80, "only {} statements were found: has `sql!` changed?", found.len());
    found
}

fn read(path: PathBuf) -> (PathBuf, String) {
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// The text of one `sql!`: literals and the names of constants up to the closing bracket.
fn parts(mut rest: &str, all: &str, place: &str) -> String {
    let mut text = String::new();
    loop {
        rest = rest.trim_start_matches([' ', '\n', ',']);
        if rest.starts_with(')') {
            return text;
        }
        if let Some(inside) = rest.strip_prefix('"') {
            let (literal, after) = literal(inside);
            text.push_str(&literal);
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap();
        assert!(end > 0, "{place}: neither a literal nor the name of a constant");
        text.push_str(&constant(&rest[..end], all, place));
        rest = &rest[end..];
    }
}

fn constant(name: &str, all: &str, place: &str) -> String {
    let declaration = format!("const {name}: &str =");
    let at = all.find(&declaration).unwrap_or_else(|| panic!("{place}: where is {name}?"));
    let value = all[at + declaration.len()..].trim_start().strip_prefix('"').expect("a literal");
    literal(value).0
}

/// The value of a literal whose opening quote was read, and what follows its closing one.
fn literal(mut rest: &str) -> (String, &str) {
    let mut value = String::new();
    loop {
        let at = rest.find(['"', '\\']).expect("a closing quote");
        value.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if rest[at..].starts_with('"') {
            return (value, after);
        }
        rest = after.strip_prefix('\n').expect("no escape but that of a line's end").trim_start();
    }
}
