//! One section of a Markdown document, replaced without touching the others.

/// The document with the section below `heading` (a whole line, `## …`) made to hold `body`. A section ends where the
/// next heading of the same or a higher rank begins; one that is not there yet is added at the end.
pub(crate) fn replace_section(document: &str, heading: &str, body: &str) -> String {
    let section = format!("{heading}\n\n{}\n", body.trim_end());
    let Some(start) = line_starts(document).find(|at| document[*at..].lines().next() == Some(heading)) else {
        let before = document.trim_end();
        return if before.is_empty() { section } else { format!("{before}\n\n{section}") };
    };
    let ends = |at: &usize| *at > start && rank(&document[*at..]).is_some_and(|next| Some(next) <= rank(heading));
    match line_starts(document).find(ends) {
        Some(end) => format!("{}{section}\n{}", &document[..start], &document[end..]),
        None => format!("{}{section}", &document[..start]),
    }
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1))
}

/// How many marks the heading has that `text` begins with; `None` if it begins with none.
fn rank(text: &str) -> Option<usize> {
    let rest = text.trim_start_matches('#');
    let marks = text.len() - rest.len();
    (marks > 0 && rest.starts_with(' ')).then_some(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Results\n\nAll of them.\n\n## One\n\nold\n\n### Inside\n\nold too\n\n## Two\n\nkept\n";

    #[test]
    fn a_section_is_replaced_and_its_neighbours_stay() {
        let expected = "# Results\n\nAll of them.\n\n## One\n\nnew\n\n## Two\n\nkept\n";
        let replaced = replace_section(DOCUMENT, "## One", "new\n\n");
        assert_eq!(replaced, expected);
        assert_eq!(replace_section(&replaced, "## One", "new"), expected, "once more changes nothing");
    }

    #[test]
    fn the_last_section_ends_with_the_document() {
        assert!(replace_section(DOCUMENT, "## Two", "new").ends_with("old too\n\n## Two\n\nnew\n"));
    }

    #[test]
    fn a_new_section_comes_last() {
        assert_eq!(replace_section(DOCUMENT, "## Three", "new"), format!("{DOCUMENT}\n## Three\n\nnew\n"));
        assert_eq!(replace_section("", "## Three", "new"), "## Three\n\nnew\n");
    }

    #[test]
    fn a_heading_is_a_whole_line() {
        let document = "## One and more\n\nkept\n";
        assert_eq!(replace_section(document, "## One", "new"), format!("{document}\n## One\n\nnew\n"));
    }
}
