//! Tells a Rust file's code, comments and literals apart, so that no rule mistakes one for another.

/// One file, taken apart. `code` and `comments` have the file's own lines and columns, with spaces in place of
/// everything else.
#[derive(Default)]
pub(crate) struct Lexed {
    pub(crate) code: String,
    pub(crate) comments: String,
    pub(crate) literals: Vec<Literal>,
}

/// A string literal with its quotes, as written.
pub(crate) struct Literal {
    /// The line it begins on, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Text,
}

/// Takes a file apart. It never fails: what the compiler would refuse comes out as code.
pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexed = Lexed::default();
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let (kind, length) = next(rest);
        let (piece, after) = rest.split_at(length);
        let blank: String = piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        lexed.code.push_str(if kind == Kind::Code { piece } else { &blank });
        lexed.comments.push_str(if kind == Kind::Comment { piece } else { &blank });
        if kind == Kind::Text {
            lexed.literals.push(Literal { line, text: piece.to_owned() });
        }
        line += piece.matches('\n').count();
        rest = after;
    }
    lexed
}

/// The kind of the next piece and its length in bytes, at least one character.
fn next(rest: &str) -> (Kind, usize) {
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    if let Some(length) = string(rest) {
        return (Kind::Text, length);
    }
    if let Some(length) = character(rest) {
        return (Kind::Text, length);
    }
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    (Kind::Code, if word > 0 { word } else { rest.chars().next().map_or(1, char::len_utf8) })
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = rest[at..].find(['/', '*']) {
        at += found;
        let (step, change): (usize, isize) = match rest.get(at..at + 2) {
            Some("/*") => (2, 1),
            Some("*/") => (2, -1),
            _ => (1, 0),
        };
        depth = depth.saturating_add_signed(change);
        at += step;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// A string of any kind at the very start: `"…"`, `b"…"`, `c"…"`, `r#"…"#` and their mixtures.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.find(|c: char| !matches!(c, 'b' | 'c' | 'r')).filter(|length| *length <= 2)?;
    let raw = rest[..prefix].ends_with('r');
    let after = &rest[prefix..];
    let hashes = if raw { after.len() - after.trim_start_matches('#').len() } else { 0 };
    let inner = after[hashes..].strip_prefix('"')?;
    let length = if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        inner.find(&end).map(|at| at + end.len())
    } else {
        escaped(inner, '"')
    };
    Some(length.map_or(rest.len(), |length| prefix + hashes + 1 + length))
}

/// A character at the very start, `'x'` or `b'\n'`; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let prefix = usize::from(rest.starts_with("b'"));
    let inner = rest[prefix..].strip_prefix('\'')?;
    let first = inner.chars().next()?;
    let one = inner[first.len_utf8()..].starts_with('\'');
    let length = match first {
        '\\' => escaped(inner, '\'')?,
        _ if one => first.len_utf8() + 1,
        _ => return None,
    };
    Some(prefix + 1 + length)
}

/// The length up to and with the closing quote, passing over what a backslash protects.
fn escaped(inner: &str, quote: char) -> Option<usize> {
    let mut characters = inner.char_indices();
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        lex(source).literals.into_iter().map(|literal| literal.text).collect()
    }

    #[test]
    fn code_comments_and_literals_keep_their_columns() {
        let lexed = lex("let a = \"b\"; // c\nd /* e\n/* f */ g */ h");
        assert_eq!(lexed.code, "let a =    ;     \nd     \n             h");
        assert_eq!(lexed.comments, "             // c\n  /* e\n/* f */ g */  ");
    }

    #[test]
    fn every_kind_of_string_ends_where_it_ends() {
        let source = "f(\"a\\\"b\", r#\"c\"d\"#, b\"e\", br\"f\\\", c\"g\", '\"', b'\\'', \"h\")";
        let expected = ["\"a\\\"b\"", "r#\"c\"d\"#", "b\"e\"", "br\"f\\\"", "c\"g\"", "'\"'", "b'\\''", "\"h\""];
        assert_eq!(texts(source), expected);
    }

    #[test]
    fn lifetimes_raw_names_and_comment_marks_in_strings_do_not_confuse() {
        assert_eq!(texts("fn f<'a>(x: &'a str, r#type: u8) { g(\"// no\") }"), ["\"// no\""]);
        assert_eq!(lex("a // \" b\nc").code.trim_end(), "a       \nc".trim_end());
    }

    #[test]
    fn a_literal_knows_its_line() {
        let lexed = lex("\n\n  \"x\n y\" \"z\"");
        let lines: Vec<usize> = lexed.literals.iter().map(|literal| literal.line).collect();
        assert_eq!(lines, [3, 4]);
    }
}
