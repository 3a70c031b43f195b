//! A tour in Markdown, as steps: commands, and what they print.

/// Commands that are pasted together, and what they print.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Step {
    pub(crate) commands: String,
    pub(crate) output: String,
}

/// The `sh` blocks of a text, each with the `text` block that follows it, if one does.
pub(crate) fn steps(markdown: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let block: String = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        match language {
            "sh" => steps.push(Step { commands: block, output: String::new() }),
            "text" => steps.last_mut().expect("commands stand before what they print").output = block,
            other => panic!("a block of {other:?} in the tour"),
        }
    }
    steps
}

/// Whether what was printed is what the README shows, line by line.
pub(crate) fn is_as_printed(shown: &str, printed: &str) -> bool {
    shown.lines().count() == printed.lines().count()
        && shown.lines().zip(printed.lines()).all(|(shown, printed)| fits(shown, printed))
}

/// Whether a line is like the one shown, in which `…` stands for anything but nothing.
fn fits(shown: &str, line: &str) -> bool {
    let Some((start, shown)) = shown.split_once('…') else { return shown == line };
    let Some(rest) = line.strip_prefix(start) else { return false };
    let ends = rest.char_indices().skip(1).map(|(at, _)| at).chain([rest.len()]);
    !rest.is_empty() && ends.into_iter().any(|end| fits(shown, &rest[end..]))
}

#[test]
fn blocks_become_steps() {
    let text = "Words.\n```sh\na\nb\n```\n```text\n1\n```\nMore.\n```sh\nc\n```\n";
    let step = |commands: &str, output: &str| Step { commands: commands.to_owned(), output: output.to_owned() };
    assert_eq!(steps(text), [step("a\nb\n", "1\n"), step("c\n", "")]);
}

#[test]
fn only_what_differs_each_time_may_differ() {
    assert!(is_as_printed("a\nat … by …\n", "a\nat 1 by 2\n"));
    assert!(is_as_printed("…", "x") && is_as_printed("", ""));
    for printed in ["a\n", "a\nat  by 2\n", "b\nat 1 by 2\n", "a\nat 1 by 2\nc\n", "a\nat 1 by \n"] {
        assert!(!is_as_printed("a\nat … by …\n", printed), "{printed:?}");
    }
    assert!(!is_as_printed("a…b", "a1bc"));
}
