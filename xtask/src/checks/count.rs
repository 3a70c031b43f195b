//! Reads how many tests passed from the output of `cargo test` and of `node --test`.

/// How many checks a program says it made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

/// Sums the `test result:` line of every test binary and documentation run. A binary that ends without such a line
/// has crashed, and Cargo's exit status says so.
pub(crate) fn cargo_test(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in output.lines() {
        let Some((_, sums)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            continue;
        };
        for sum in sums.split("; ") {
            match sum.split_once(' ') {
                Some((number, "passed")) => counts.passed += parse(number),
                Some((number, "failed")) => counts.failed += parse(number),
                Some((number, "ignored")) => counts.skipped += parse(number),
                _ => {}
            }
        }
    }
    counts
}

/// Reads the summary at the end of a TAP report. A cancelled test did not pass, so it failed.
pub(crate) fn node_test(output: &str) -> Counts {
    let of = |word: &str| {
        let prefix = format!("# {word} ");
        output.lines().rev().find_map(|line| line.strip_prefix(prefix.as_str())).map_or(0, parse)
    };
    Counts { passed: of("pass"), failed: of("fail") + of("cancelled"), skipped: of("skipped") + of("todo") }
}

fn parse(number: &str) -> u32 {
    number.trim().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_are_summed_over_binaries() {
        let output = "running 3 tests\ntest a ... ok\n\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        assert_eq!(cargo_test(output), Counts { passed: 6, failed: 1, skipped: 1 });
    }

    #[test]
    fn a_build_error_counts_nothing() {
        assert_eq!(cargo_test("error[E0432]: unresolved import"), Counts::default());
    }

    #[test]
    fn node_counts_come_from_the_summary_not_from_a_test_s_words() {
        let output = "# pass 100\nok 1 - reads\n1..4\n# tests 4\n# suites 0\n# pass 1\n# fail 1\n# cancelled 1\n\
            # skipped 1\n# todo 0\n# duration_ms 12.5\n";
        assert_eq!(node_test(output), Counts { passed: 1, failed: 2, skipped: 1 });
    }
}
