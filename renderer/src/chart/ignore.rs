//! `.helmignore`: which files of a directory are not part of the chart.
//!
//! Source: helm v4.3.1 `pkg/ignore/rules.go`.

use super::pattern::{BadPattern, Pattern, try_match};
use crate::Error;
use crate::log::{Level, Log};

/// Name of the file that holds the rules.
pub const HELMIGNORE: &str = ".helmignore";

/// The longest line that Helm reads. Source: Go 1.27 `bufio.MaxScanTokenSize`.
const MAX_LINE: usize = 64 * 1024;

/// The rules of one chart, in order.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// As written, without the white space around it.
    written: String,
    pattern: Compared,
    /// Whether only the last part of a path is compared.
    base_name: bool,
    directories_only: bool,
    negated: bool,
}

/// What paths are compared with.
#[derive(Clone, Debug)]
enum Compared {
    /// Not well formed, which is found out path by path: Go looks at a pattern only as far as it needs to.
    Bad(String),
    Good(Pattern),
}

impl Rules {
    /// The rules that hold in every directory: nothing directly under `templates/` that begins with a dot.
    pub fn built_in() -> Self {
        let mut rules = Self::default();
        // The pattern is well formed.
        let _ = rules.add("templates/.?*");
        rules
    }

    /// Reads a `.helmignore` file; the built-in rule follows its rules.
    ///
    /// # Errors
    /// `helmignore-invalid` with Helm's sentence and the line.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let mut rules = Self::default();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for (line, rule) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let failed = |message: &str| Error::new("helmignore-invalid", message).at(HELMIGNORE, Some(line));
            if rule.len() >= MAX_LINE {
                return Err(failed("bufio.Scanner: token too long"));
            }
            rules.add(String::from_utf8_lossy(rule).trim()).map_err(failed)?;
        }
        rules.rules.extend(Self::built_in().rules);
        Ok(rules)
    }

    fn add(&mut self, written: &str) -> Result<(), &'static str> {
        if written.is_empty() || written.starts_with('#') {
            return Ok(());
        }
        if written.contains("**") {
            return Err("double-star (**) syntax is not supported");
        }
        // Checked as written, marks included, as Helm does.
        if try_match(written, "abc").is_err() {
            return Err(BadPattern::WORDS);
        }
        let (negated, rest) = written.strip_prefix('!').map_or((false, written), |rest| (true, rest));
        let (directories_only, rest) = rest.strip_suffix('/').map_or((false, rest), |rest| (true, rest));
        let (anchored, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        self.rules.push(Rule {
            written: written.to_owned(),
            pattern: Pattern::parse(rest).map_or_else(|| Compared::Bad(rest.to_owned()), Compared::Good),
            base_name: !anchored && !rest.contains('/'),
            directories_only,
            negated,
        });
        Ok(())
    }

    /// The rule, as written, that keeps `path` out of the chart. `path` is relative to the chart, with `/`.
    ///
    /// A negated rule keeps out all that it does *not* match, `Chart.yaml` included. The log hears of rules that turn out to be no
    /// patterns; they match nothing.
    pub fn ignored_by(&self, path: &str, is_directory: bool, log: &mut Vec<Log>) -> Option<&str> {
        if matches!(path, "" | "." | "./") {
            return None;
        }
        let base = path.rsplit('/').next().unwrap_or(path);
        let mut ignores = |rule: &&Rule| {
            let wrong_kind = rule.directories_only && !is_directory;
            let compared = if rule.base_name { base } else { path };
            let mut matches = || match &rule.pattern {
                Compared::Good(pattern) => pattern.matches(compared),
                Compared::Bad(pattern) => try_match(pattern, compared).unwrap_or_else(|BadPattern| {
                    let line = Log::new(Level::Error, "failed to compile").with("rule", pattern.as_str());
                    log.push(line.with("error", BadPattern::WORDS));
                    false
                }),
            };
            if rule.negated { wrong_kind || !matches() } else { !wrong_kind && matches() }
        };
        self.rules.iter().find(|rule| ignores(rule)).map(|rule| rule.written.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(rules: &str, path: &str) -> bool {
        Rules::parse(rules.as_bytes())
            .unwrap()
            .ignored_by(path, path.ends_with('/'), &mut Vec::new())
            .is_some()
    }

    #[test]
    fn a_negated_rule_ignores_all_else() {
        assert!(ignored("!b.txt", "Chart.yaml"));
        assert!(!ignored("!b.txt", "d/b.txt"));
        assert!(ignored("!d/\n", "d"));
    }

    #[test]
    fn rules_are_trimmed_anchored_and_for_directories() {
        assert!(ignored("\u{feff}/a.txt\r\n# x\n\n", "a.txt"));
        assert!(!ignored("/a.txt", "d/a.txt"));
        assert!(ignored("a.txt", "d/a.txt"));
        let rules = Rules::parse(b"tmp/").unwrap();
        assert_eq!(rules.ignored_by("tmp", true, &mut Vec::new()), Some("tmp/"));
        assert_eq!(rules.ignored_by("tmp", false, &mut Vec::new()), None);
    }

    #[test]
    fn dot_files_of_templates_are_ignored() {
        assert!(ignored("", "templates/.x.yaml"));
        assert!(!ignored("", "templates/d/.x.yaml"));
    }

    #[test]
    fn a_rule_that_is_bad_only_further_on_is_told_when_it_is_met() {
        let rules = Rules::parse(b"x*/[a").unwrap();
        let mut log = Vec::new();
        assert_eq!(rules.ignored_by("y", false, &mut log), None);
        assert!(log.is_empty());
        assert_eq!(rules.ignored_by("x/a", false, &mut log), None);
        assert_eq!(log.len(), 1);
    }

    #[test]
    fn bad_rules_are_named() {
        let message = |rules: &str| Rules::parse(rules.as_bytes()).unwrap_err();
        assert_eq!(message("a\n**/b").to_string(), "double-star (**) syntax is not supported");
        assert_eq!(message("a\n**/b").line(), Some(2));
        assert_eq!(message("[a").to_string(), "syntax error in pattern");
    }
}
