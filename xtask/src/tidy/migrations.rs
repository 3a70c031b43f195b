//! The two folders of migrations, one for each database, and whether they build the same tables.

use super::tree::{File, Finding, Tree};

const SQLITE: &str = "crates/store/src/migrations/sqlite/";
const POSTGRES: &str = "crates/store/src/migrations/postgres/";

/// The table of the search, which only PostgreSQL has as a table like others.
const SEARCH: &str = "event_text";

/// What a migration does to tables, in order: `table` or `table.column`.
type Shape = Vec<String>;

/// Finds migrations that only one database has, and those that build different tables or columns.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = alone(tree, SQLITE, POSTGRES);
    findings.extend(alone(tree, POSTGRES, SQLITE));
    for name in tree.names_in(SQLITE) {
        let both = (tree.file(&format!("{SQLITE}{name}")), tree.file(&format!("{POSTGRES}{name}")));
        if let (Some(sqlite), Some(postgres)) = both {
            findings.extend(difference(sqlite, postgres));
        }
    }
    findings
}

fn alone(tree: &Tree, here: &str, there: &str) -> Vec<Finding> {
    let missing = tree.names_in(here).into_iter().filter(|name| tree.file(&format!("{there}{name}")).is_none());
    missing.map(|name| Finding::at(format!("{here}{name}"), format!("missing in {there}"))).collect()
}

fn difference(sqlite: &File, postgres: &File) -> Option<Finding> {
    let (left, right) = (shape(&sqlite.text), shape(&postgres.text));
    let at = (0..left.len().max(right.len())).find(|at| left.get(*at) != right.get(*at))?;
    let word = |shape: &Shape| shape.get(at).map_or_else(|| "nothing more".to_owned(), |word| format!("`{word}`"));
    Some(Finding::at(&sqlite.path, format!("{} here, {} in {POSTGRES}", word(&left), word(&right))))
}

/// Reads `CREATE TABLE` and `ALTER TABLE … ADD [COLUMN]`; indexes, triggers and search tables are each database's own.
fn shape(sql: &str) -> Shape {
    let sql = without_comments(sql);
    sql.split(';').flat_map(|statement| created(statement).or_else(|| altered(statement)).unwrap_or_default()).collect()
}

fn without_comments(sql: &str) -> String {
    sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn created(statement: &str) -> Option<Shape> {
    let (head, body) = statement.split_once('(')?;
    let words = upper_words(head);
    if !matches!(words.as_slice(), [create, table, ..] if create == "CREATE" && table == "TABLE") {
        return None;
    }
    let table = name(head.split_whitespace().last()?);
    if table == SEARCH {
        return None;
    }
    let columns = top_level(body).into_iter().filter_map(|part| column(&part));
    let columns = columns.map(|column| format!("{table}.{column}"));
    Some(std::iter::once(table.clone()).chain(columns).collect())
}

fn altered(statement: &str) -> Option<Shape> {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let upper = upper_words(statement);
    let starts = |at: usize, word: &str| upper.get(at).is_some_and(|found| found == word);
    if !(starts(0, "ALTER") && starts(1, "TABLE") && starts(3, "ADD")) {
        return None;
    }
    let definition = words[if starts(4, "COLUMN") { 5 } else { 4 }..].join(" ");
    Some(vec![format!("{}.{}", name(words[2]), column(&definition)?)])
}

/// The parts of a table's body between its commas, without those inside parentheses.
fn top_level(body: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for c in body.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// The column that a definition begins with; a constraint is none.
fn column(definition: &str) -> Option<String> {
    const CONSTRAINTS: [&str; 6] = ["PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "CONSTRAINT", "EXCLUDE"];
    let first = definition.split(|c: char| c.is_whitespace() || c == '(').find(|word| !word.is_empty())?;
    (!CONSTRAINTS.contains(&first.to_uppercase().as_str())).then(|| name(first))
}

fn name(word: &str) -> String {
    word.trim_matches('"').to_lowercase()
}

fn upper_words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn tables_and_columns_are_read_in_order() {
        let sql = "-- The accounts; one row each.\nCREATE TABLE account (\n  id INTEGER PRIMARY KEY, -- an id, given once\n\
            name TEXT NOT NULL CHECK (length(name) IN (1, 2)),\n  UNIQUE (name, id)\n) STRICT;\n\
            CREATE INDEX account_name ON account (name);\nALTER TABLE account ADD COLUMN bio TEXT;\n";
        assert_eq!(shape(sql), ["account", "account.id", "account.name", "account.bio"]);
        assert_eq!(shape("create table if not exists \"Room\"(seq bigint)"), ["room", "room.seq"]);
    }

    #[test]
    fn each_searches_in_a_table_of_its_own() {
        assert!(shape("CREATE TABLE event_text (id BIGINT, words TSVECTOR);").is_empty());
        assert!(shape("CREATE VIRTUAL TABLE event_text USING fts5 (words);").is_empty());
    }

    #[test]
    fn the_same_tables_in_other_types_are_the_same() {
        let tree = fixture(&[
            (&format!("{SQLITE}1.sql"), "CREATE TABLE a (id INTEGER PRIMARY KEY, b BLOB) STRICT;"),
            (&format!("{POSTGRES}1.sql"), "CREATE TABLE a (id BIGINT PRIMARY KEY, b BYTEA);"),
        ]);
        assert!(check(&tree).is_empty());
    }

    #[test]
    fn a_column_or_a_file_that_only_one_has_is_named() {
        let tree = fixture(&[
            (&format!("{SQLITE}1.sql"), "CREATE TABLE a (id INTEGER, b BLOB);"),
            (&format!("{SQLITE}2.sql"), ""),
            (&format!("{POSTGRES}1.sql"), "CREATE TABLE a (id BIGINT);"),
        ]);
        assert_eq!(
            told(&check(&tree)),
            [
                format!("{SQLITE}2.sql:1: missing in {POSTGRES}"),
                format!("{SQLITE}1.sql:1: `a.b` here, nothing more in {POSTGRES}")
            ]
        );
    }
}
