//! Counting tests from what their runners print.

use std::ops::AddAssign;
use std::process::ExitStatus;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Count {
    /// One check that is only right or wrong.
    pub(crate) fn one(passed: bool) -> Self {
        if passed { Self { passed: 1, failed: 0 } } else { Self { passed: 0, failed: 1 } }
    }

    /// The count of a run, corrected by its exit: a run that failed without a failed test did not get as far.
    pub(crate) fn of_run(self, status: ExitStatus) -> Self {
        if !status.success() && self.failed == 0 { Self { failed: 1, ..self } } else { self }
    }

    /// Hears a line of a Rust test runner: libtest's `test result: ok. 5 passed; 0 failed; …`, the suite's
    /// `412 passed, 0 failed`, or the oracle's `700 equal, 1 different, 2 known`.
    pub(crate) fn hear_rust(&mut self, line: &str) {
        let (is_libtest, rest) = match line.strip_prefix("test result: ") {
            Some(rest) => (true, rest.split_once(". ").map_or("", |(_, counts)| counts)),
            None => (false, line),
        };
        let words: Vec<&str> = rest.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [passed, "passed", failed, "failed"] => self.add(&[passed], failed),
            [passed, "passed", failed, "failed", ..] if is_libtest => self.add(&[passed], failed),
            [equal, "equal", different, "different", known, "known"] => self.add(&[equal, known], different),
            _ => {}
        }
    }

    fn add(&mut self, passed: &[&str], failed: &str) {
        let passed: Option<u64> = passed.iter().map(|text| text.parse::<u64>().ok()).sum();
        if let (Some(passed), Ok(failed)) = (passed, failed.parse()) {
            *self += Self { passed, failed };
        }
    }

    /// Hears a line of Node's test runner: `ℹ pass 7`, and `ℹ fail 0`, `ℹ cancelled 0` for what did not.
    pub(crate) fn hear_node(&mut self, line: &str) {
        let Some((label, number)) = line.strip_prefix("ℹ ").and_then(|rest| rest.split_once(' ')) else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else { return };
        match label {
            "pass" => self.passed += number,
            "fail" | "cancelled" | "skipped" | "todo" => self.failed += number,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_counted_and_other_lines_are_not() {
        let mut count = Count::default();
        for line in [
            "running 5 tests",
            "test a_test_that_passed_and_failed ... ok",
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 7 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out",
            "412 passed, 3 failed",
            "-  message: 1 passed, 1 failed, says the chart",
            "700 equal, 1 different, 2 known",
        ] {
            count.hear_rust(line);
        }
        assert_eq!(count, Count { passed: 1126, failed: 6 });
    }

    #[test]
    fn a_skipped_browser_test_has_not_passed() {
        let mut count = Count::default();
        for line in ["✔ the page opens (812ms)", "ℹ tests 9", "ℹ pass 7", "ℹ fail 1", "ℹ skipped 1"]
        {
            count.hear_node(line);
        }
        assert_eq!(count, Count { passed: 7, failed: 2 });
    }
}
