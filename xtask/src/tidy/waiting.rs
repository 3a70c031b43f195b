//! Tests that sleep instead of awaiting what they wait for.

use super::tree::{File, Finding, Tree, lines, names};

/// Finds calls of any `sleep` in test code without a `// sleep: reason` in the same line or the one above.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(sleeps).collect()
}

fn sleeps(file: &File) -> Vec<Finding> {
    let Some(from) = file.tests_from() else {
        return Vec::new();
    };
    let comments: Vec<&str> = file.rust.comments.lines().collect();
    // Line numbers are from 1, so this line is at `number - 1` and the one above at `number - 2`.
    let explained = |number: usize| {
        let near = [number.checked_sub(1), number.checked_sub(2)].into_iter().flatten();
        near.filter_map(|index| comments.get(index)).any(|comment| gives_a_reason(comment))
    };
    lines(&file.rust.code)
        .filter(|(number, line)| *number >= from && names(line, "sleep(") && !explained(*number))
        .map(|(number, _)| file.finding(number, "a test sleeps"))
        .collect()
}

fn gives_a_reason(comment: &str) -> bool {
    comment.split_once("// sleep: ").is_some_and(|(_, reason)| !reason.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn a_sleep_in_a_test_needs_its_reason() {
        let text = "fn a() {\n    tokio::time::sleep(d).await;\n    thread::sleep(d); // sleep: the kernel tells no one\n\
            \x20   // sleep: polls a foreign process until its deadline\n    sleep(d);\n    sleep(d); // sleep:\n}\n";
        let tree = fixture(&[("crates/a/tests/b.rs", text)]);
        assert_eq!(
            told(&check(&tree)),
            ["crates/a/tests/b.rs:2: a test sleeps", "crates/a/tests/b.rs:6: a test sleeps"]
        );
    }

    #[test]
    fn code_before_the_tests_may_sleep() {
        let text = "async fn retry() { sleep(d).await }\n#[cfg(test)]\nmod tests {\n    fn a() { sleep(d) }\n}\n";
        assert_eq!(told(&check(&fixture(&[("crates/a/src/b.rs", text)]))), ["crates/a/src/b.rs:4: a test sleeps"]);
        assert!(check(&fixture(&[("crates/a/tests/b.rs", "oversleep(d); // sleep(d)\n")])).is_empty());
    }
}
