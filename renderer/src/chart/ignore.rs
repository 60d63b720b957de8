//! `.helmignore`: which files of a directory are not part of the chart.
//!
//! Source: helm v4.3.1 `pkg/ignore/rules.go`; Go 1.27 `path/filepath`, `Match`.

use crate::Error;

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
    /// `None` when what is left behind `!` and `/` is no pattern any more; such a rule matches nothing.
    pattern: Option<Pattern>,
    /// Whether only the last part of a path is compared.
    base_name: bool,
    directories_only: bool,
    negated: bool,
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
        if Pattern::parse(written).is_none() {
            return Err("syntax error in pattern");
        }
        let (negated, rest) = written.strip_prefix('!').map_or((false, written), |rest| (true, rest));
        let (directories_only, rest) = rest.strip_suffix('/').map_or((false, rest), |rest| (true, rest));
        let (anchored, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        self.rules.push(Rule {
            written: written.to_owned(),
            pattern: Pattern::parse(rest),
            base_name: !anchored && !rest.contains('/'),
            directories_only,
            negated,
        });
        Ok(())
    }

    /// The rule, as written, that keeps `path` out of the chart. `path` is relative to the chart, with `/`.
    ///
    /// A negated rule keeps out all that it does *not* match, `Chart.yaml` included.
    pub fn ignored_by(&self, path: &str, is_directory: bool) -> Option<&str> {
        if matches!(path, "" | "." | "./") {
            return None;
        }
        let base = path.rsplit('/').next().unwrap_or(path);
        let ignores = |rule: &&Rule| {
            let wrong_kind = rule.directories_only && !is_directory;
            let compared = if rule.base_name { base } else { path };
            let matches = || rule.pattern.as_ref().is_some_and(|pattern| pattern.matches(compared));
            if rule.negated { wrong_kind || !matches() } else { !wrong_kind && matches() }
        };
        self.rules.iter().find(ignores).map(|rule| rule.written.as_str())
    }
}

/// Whether the shell pattern matches the whole name; one that cannot be read matches nothing.
///
/// Source: go 1.27 `path/filepath`, `Match`.
pub fn pattern_matches(pattern: &str, name: &str) -> bool {
    Pattern::parse(pattern).is_some_and(|pattern| pattern.matches(name))
}

/// Whether this is a pattern at all.
pub fn is_pattern(pattern: &str) -> bool {
    Pattern::parse(pattern).is_some()
}

/// A shell pattern: `*` and `?` stop at `/`, `[a-z]`, `[^a-z]`, `\x`.
#[derive(Clone, Debug)]
struct Pattern(Vec<Token>);

#[derive(Clone, Debug)]
enum Token {
    Any,
    Class { ranges: Vec<(char, char)>, negated: bool },
    Char(char),
    Star,
}

impl Pattern {
    /// `None`: not well formed.
    fn parse(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '\\' => Token::Char(chars.next()?),
                '[' => {
                    let negated = chars.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    loop {
                        if !ranges.is_empty() && chars.next_if_eq(&']').is_some() {
                            break;
                        }
                        let low = class_char(&mut chars)?;
                        let high =
                            if chars.next_if_eq(&'-').is_some() { class_char(&mut chars)? } else { low };
                        ranges.push((low, high));
                    }
                    Token::Class { ranges, negated }
                }
                c => Token::Char(c),
            });
        }
        Some(Self(tokens))
    }

    /// Whether the whole of `name` matches. A star takes as little as possible, and only the last star met is tried again:
    /// stars stop at `/`, so what an earlier one could take the last one can take, too.
    fn matches(&self, name: &str) -> bool {
        let mut token = 0;
        let mut rest = name.chars();
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let here = rest.clone();
            match self.0.get(token) {
                None if here.as_str().is_empty() => return true,
                Some(Token::Star) => {
                    retry = Some((token, here));
                    token += 1;
                    continue;
                }
                Some(one) if rest.next().is_some_and(|c| one.takes(c)) => {
                    token += 1;
                    continue;
                }
                _ => {}
            }
            let Some((star, from)) = &mut retry else { return false };
            match from.next() {
                None | Some('/') => return false,
                Some(_) => {
                    token = *star + 1;
                    rest = from.clone();
                }
            }
        }
    }
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any => c != '/',
            Self::Char(wanted) => c == *wanted,
            Self::Class { ranges, negated } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
            Self::Star => false,
        }
    }
}

/// One character of a class; none may stand last. Source: `getEsc`.
fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let c = match chars.next()? {
        '-' | ']' => return None,
        '\\' => chars.next()?,
        c => c,
    };
    chars.peek().map(|_| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(rules: &str, path: &str) -> bool {
        Rules::parse(rules.as_bytes()).unwrap().ignored_by(path, path.ends_with('/')).is_some()
    }

    #[test]
    fn patterns_match_as_the_shell_does() {
        for (pattern, name, matches) in [
            ("*.txt", "a.txt", true),
            ("*.txt", "d/a.txt", false),
            ("*/a.txt", "d/a.txt", true),
            ("*/a.txt", "d/e/a.txt", false),
            ("a*b*c", "axxbyybc", true),
            ("a*b*c", "axxbyyb", false),
            ("[^a-c]x", "dx", true),
            ("[^a-c]x", "bx", false),
            ("[a]", "/", false),
            ("[.-0]", "/", true),
            ("a?c", "a/c", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("*", "", true),
            ("", "", true),
            ("a*", "a/b", false),
            ("é?", "éß", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
        for bad in ["[", "[]", "[a", "[a-]", "[-a]", "\\", "[\\", "[]a]"] {
            assert!(Pattern::parse(bad).is_none(), "{bad}");
        }
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
        assert_eq!(rules.ignored_by("tmp", true), Some("tmp/"));
        assert_eq!(rules.ignored_by("tmp", false), None);
    }

    #[test]
    fn dot_files_of_templates_are_ignored() {
        assert!(ignored("", "templates/.x.yaml"));
        assert!(!ignored("", "templates/d/.x.yaml"));
    }

    #[test]
    fn bad_rules_are_named() {
        let message = |rules: &str| Rules::parse(rules.as_bytes()).unwrap_err();
        assert_eq!(message("a\n**/b").to_string(), "double-star (**) syntax is not supported");
        assert_eq!(message("a\n**/b").line(), Some(2));
        assert_eq!(message("[a").to_string(), "syntax error in pattern");
    }
}
