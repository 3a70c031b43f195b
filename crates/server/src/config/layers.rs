//! The layers: defaults, file, environment, flags; merged leaf by leaf, each with its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use confique::meta::{FieldKind, LeafKind, Meta};
use confique::{Config as Tree, Layer};
use toml::{Table, Value};

use super::tree::Config;

/// The file that is read when none is named and it is there.
const DEFAULT_FILE: &str = "parlour.toml";

/// What every environment variable of ours begins with: `PARLOUR_SERVER_LISTEN` is `server.listen`.
const PREFIX: &str = "PARLOUR_";

/// What was given outside the tree.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// The environment, all of it.
    pub environment: Vec<(String, String)>,
    /// `--set`, `--listen` and `--data`, in order: key and value.
    pub flags: Vec<(String, String)>,
}

/// A configuration, and where each of its values is from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Every key in the tree's order: its value as TOML (`None` when it has none) and its origin.
    pub values: Vec<(String, Option<Value>, Origin)>,
}

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// This file.
    File(PathBuf),
    /// This environment variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Environment(name) => name.fmt(f),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// A configuration that cannot be used, in a sentence for the operator. It holds no value, since a value may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ConfigError {}

type Leaves = BTreeMap<String, (Value, Origin)>;

/// Reads all layers.
///
/// # Errors
/// A file that cannot be read, a key that is not in the tree (with the nearest that is), a value that does not fit.
pub fn load(given: &Given) -> Result<Loaded, ConfigError> {
    let known = known_keys();
    let mut leaves = Leaves::new();
    if let Some(path) = file(given) {
        add_file(&mut leaves, &path, &known)?;
    }
    add_environment(&mut leaves, &given.environment, &known);
    for (key, text) in &given.flags {
        check_known(key, &known, &Origin::Flag)?;
        leaves.insert(key.clone(), (read_value(text), Origin::Flag));
    }
    let config = build(&leaves)?;
    let values = known.into_iter().map(|(key, default)| {
        let (value, origin) = match leaves.remove(&key) {
            Some((value, origin)) => (Some(value), origin),
            None => (default, Origin::Default),
        };
        (key, value, origin)
    });
    Ok(Loaded { config, values: values.collect() })
}

fn file(given: &Given) -> Option<PathBuf> {
    let default = || Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.is_file());
    given.file.clone().or_else(default)
}

fn add_file(leaves: &mut Leaves, path: &Path, known: &[Known]) -> Result<(), ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| fault(format!("{}: {error}", path.display())))?;
    let table: Table = toml::from_str(&text)
        .map_err(|error: toml::de::Error| fault(format!("{}: {}", path.display(), error.message())))?;
    let origin = Origin::File(path.to_owned());
    let mut found = Vec::new();
    flatten("", table, &mut found);
    for (key, value) in found {
        check_known(&key, known, &origin)?;
        leaves.insert(key, (value, origin.clone()));
    }
    Ok(())
}

fn add_environment(leaves: &mut Leaves, environment: &[(String, String)], known: &[Known]) {
    for (key, _) in known {
        let name = format!("{PREFIX}{}", key.replace('.', "_").to_uppercase());
        if let Some((_, text)) = environment.iter().find(|(given, _)| *given == name) {
            leaves.insert(key.clone(), (read_value(text), Origin::Environment(name)));
        }
    }
}

fn flatten(above: &str, table: Table, found: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let key = if above.is_empty() { name } else { format!("{above}.{name}") };
        match value {
            Value::Table(below) => flatten(&key, below, found),
            leaf => found.push((key, leaf)),
        }
    }
}

fn check_known(key: &str, known: &[Known], origin: &Origin) -> Result<(), ConfigError> {
    if known.iter().any(|(one, _)| one == key) {
        return Ok(());
    }
    let likeness = |one: &str| strsim::jaro_winkler(one, key);
    let nearest = known.iter().map(|(one, _)| one.as_str()).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = nearest.map(|one| format!("; did you mean `{one}`?")).unwrap_or_default();
    Err(fault(format!("unknown key `{key}` ({origin}){hint}")))
}

/// A value as TOML writes it; what is none is text, so that nobody must quote on the command line.
fn read_value(text: &str) -> Value {
    let wrapped: Result<Table, _> = toml::from_str(&format!("value = {text}"));
    let value = wrapped.ok().and_then(|mut table| table.remove("value"));
    value.filter(|value| !value.is_datetime()).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn build(leaves: &Leaves) -> Result<Config, ConfigError> {
    // One by one first, so that the error names the key and where its value is from.
    for (key, (value, origin)) in leaves {
        let alone = nested(key, value.clone());
        alone
            .try_into::<<Config as Tree>::Layer>()
            .map_err(|error| fault(format!("`{key}` ({origin}): {}", error.message())))?;
    }
    let mut layer = <Config as Tree>::Layer::empty();
    for (key, (value, _)) in leaves {
        let one = nested(key, value.clone()).try_into::<<Config as Tree>::Layer>();
        layer = one.map_err(|error| fault(error.message().to_owned()))?.with_fallback(layer);
    }
    let layer = layer.with_fallback(<Config as Tree>::Layer::default_values());
    Config::from_layer(layer).map_err(|error| fault(error.to_string()))
}

fn nested(key: &str, value: Value) -> Table {
    match key.split_once('.') {
        Some((outer, inner)) => Table::from_iter([(outer.to_owned(), Value::Table(nested(inner, value)))]),
        None => Table::from_iter([(key.to_owned(), value)]),
    }
}

fn fault(sentence: String) -> ConfigError {
    ConfigError(sentence)
}

/// A key, and its default.
type Known = (String, Option<Value>);

fn known_keys() -> Vec<Known> {
    let mut keys = Vec::new();
    collect(&Config::META, "", &mut keys);
    keys
}

fn collect(meta: &Meta, above: &str, keys: &mut Vec<Known>) {
    for field in meta.fields {
        let key = if above.is_empty() { field.name.to_owned() } else { format!("{above}.{}", field.name) };
        match field.kind {
            FieldKind::Nested { meta } => collect(meta, &key, keys),
            FieldKind::Leaf { kind: LeafKind::Required { default: Some(default) }, .. } => {
                keys.push((key, Value::try_from(default).ok()));
            }
            FieldKind::Leaf { .. } => keys.push((key, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_flags(flags: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        let flags = flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        load(&Given { flags, ..Given::default() })
    }

    #[test]
    fn a_later_layer_wins_and_says_so() {
        let environment = vec![
            ("PARLOUR_SERVER_LISTEN".to_owned(), "0.0.0.0:1".to_owned()),
            ("PARLOUR_TOKENS_ACCESS_MINUTES".to_owned(), "7".to_owned()),
        ];
        let flags = vec![("server.listen".to_owned(), "0.0.0.0:2".to_owned())];
        let loaded = load(&Given { environment, flags, ..Given::default() }).expect("a configuration");
        assert_eq!(loaded.config.server.listen, "0.0.0.0:2");
        assert_eq!(loaded.config.tokens.access_minutes, 7);
        let origin = |key: &str| loaded.values.iter().find(|(one, ..)| one == key).map(|(.., origin)| origin.clone());
        assert_eq!(origin("server.listen"), Some(Origin::Flag));
        assert_eq!(origin("server.data"), Some(Origin::Default));
        let variable = Origin::Environment("PARLOUR_TOKENS_ACCESS_MINUTES".to_owned());
        assert_eq!(origin("tokens.access_minutes"), Some(variable));
    }

    #[test]
    fn an_unknown_key_names_its_neighbour() {
        let error = with_flags(&[("server.lisen", "x")]).expect_err("an unknown key");
        assert_eq!(error.0, "unknown key `server.lisen` (command line); did you mean `server.listen`?");
    }

    #[test]
    fn a_value_that_does_not_fit_names_its_key() {
        let error = with_flags(&[("tokens.access_minutes", "soon")]).expect_err("no number");
        assert!(error.0.starts_with("`tokens.access_minutes` (command line): "), "{error}");
        assert!(with_flags(&[("password.hash", "weak")]).is_err());
    }

    #[test]
    fn values_need_no_quotes() {
        let loaded =
            with_flags(&[("mail.smtp_url", "smtp://127.0.0.1:2525"), ("server.origins", "[\"https://a.example\"]")]);
        let config = loaded.expect("a configuration").config;
        assert_eq!(config.mail.smtp_url.as_deref(), Some("smtp://127.0.0.1:2525"));
        assert_eq!(config.server.origins, ["https://a.example"]);
    }
}
