//! `parlour config`: what is in force, where it is from, and whether it can be used.

use std::io::Write;

use clap::Subcommand;
use toml::Value;

use super::Outcome;
use crate::config::Loaded;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Shows every key with its value and where the value is from.
    Print,
    /// Says whether the configuration can be used.
    Check,
}

pub(super) fn run(command: &Command, loaded: &Loaded) -> Outcome {
    // The checks that a type cannot make.
    loaded.config.check()?;
    loaded.config.service(&loaded.config.server.listen)?;
    loaded.config.contract(&loaded.config.server.listen)?;
    loaded.config.postgres()?;
    loaded.config.cluster(&loaded.config.server.listen)?;
    match command {
        Command::Print => match print(loaded) {
            // Whoever reads has seen enough: `parlour config print | head`.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            other => other?,
        },
        Command::Check => println!("The configuration can be used."),
    }
    Ok(())
}

fn print(loaded: &Loaded) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut section = "";
    for (key, value, origin) in &loaded.values {
        let (above, name) = key.split_once('.').unwrap_or(("", key));
        if above != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            writeln!(out, "{gap}[{above}]")?;
            section = above;
        }
        match value {
            Some(value) => writeln!(out, "{name} = {}  # {origin}", shown(key, value))?,
            None => writeln!(out, "# {name} has no value  # {origin}")?,
        }
    }
    Ok(())
}

/// The value; of a URL with a password in it, all but the password.
fn shown(key: &str, value: &Value) -> String {
    match value.as_str() {
        Some(url) if key.ends_with("url") => Value::String(without_password(url)).to_string(),
        _ => value.to_string(),
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // Up to the last `@`, since a password may hold anything that nobody has encoded.
    let Some((login, host)) = rest.rsplit_once('@') else { return format!("{scheme}://{}", without_pair(rest)) };
    let user = login.split([':', '?']).next().unwrap_or(login);
    format!("{scheme}://{user}:…@{}", without_pair(host))
}

/// PostgreSQL's URLs may hold the password in the query, too.
fn without_pair(url: &str) -> String {
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let pairs = query.split('&').map(|pair| if pair.starts_with("password=") { "password=…" } else { pair });
    format!("{place}?{}", pairs.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("smtps://ada:se:cr@et@mail.example"), "smtps://ada:…@mail.example");
        assert_eq!(without_password("smtp://127.0.0.1:2525"), "smtp://127.0.0.1:2525");
        let url = "postgres://db.example/parlour?user=ada&password=secret&sslmode=require";
        assert_eq!(without_password(url), "postgres://db.example/parlour?user=ada&password=…&sslmode=require");
    }
}
