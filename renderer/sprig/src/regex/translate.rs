//! Reads an expression as RE2 does and writes the same in the language of the `regex` crate.
//!
//! The languages differ in escapes (`\d` is ASCII, `\Q…\E` quotes), in what brackets may hold, in how repetitions stack, and in
//! the words for errors. Everything is written in forms that have one meaning there.
//!
//! *Source*: go 1.27 `regexp/syntax/parse.go`, with the flags of `regexp.Compile`.

use std::fmt::Write;

use regex::Regex;

type Result<T> = std::result::Result<T, String>;

/// An expression for the `regex` crate.
pub(super) struct Translated {
    /// The expression; its groups have no names.
    pub(super) pattern: String,
    /// The name of each group, the whole match being group 0; empty for those without. In Go names may repeat.
    pub(super) names: Vec<String>,
}

/// Reads an expression.
///
/// # Errors
/// Go's sentence: `error parsing regexp: missing closing ]: …`.
pub(super) fn translate(whole: &str) -> Result<Translated> {
    let mut translator = Translator {
        whole,
        rest: whole,
        written: String::with_capacity(whole.len() + 8),
        flags: Flags::default(),
        groups: vec![Group::default()],
        names: vec![""],
    };
    translator.run()?;
    let names = translator.names.into_iter().map(str::to_owned).collect();
    Ok(Translated { pattern: translator.written, names })
}

fn error(code: &str, expression: &str) -> String {
    format!("error parsing regexp: {code}: `{expression}`")
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
    ungreedy: bool,
}

/// An open group.
#[derive(Clone, Copy, Default)]
struct Group {
    /// The flags to go back to when it closes.
    outside: Flags,
    /// Whether something stands here that a repetition can follow.
    item: bool,
    /// How often the last item repeats at most, through all levels; RE2 stops at 1,000.
    weight: u32,
    /// The largest weight in this group.
    most: u32,
}

const MOST_REPEATS: u32 = 1000;
const PERL: [(&str, &str, &str); 3] = [
    ("d", "0-9", "[0-9]"),
    ("s", r"\t\n\x0C\r\x20", r"[\t\n\x0C\r\x20]"),
    ("w", "0-9A-Za-z_", "[0-9A-Za-z_]"),
];
const POSIX: [&str; 15] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit", "",
];

struct Translator<'a> {
    whole: &'a str,
    rest: &'a str,
    written: String,
    flags: Flags,
    groups: Vec<Group>,
    names: Vec<&'a str>,
}

impl<'a> Translator<'a> {
    fn run(&mut self) -> Result<()> {
        // What the last repetition was written in, while another would stack on it.
        let mut last_repeat: Option<&str> = None;
        while let Some(first) = self.rest.chars().next() {
            let before = self.rest;
            let mut repeated = None;
            match first {
                '(' if self.rest.starts_with("(?") => self.perl_group()?,
                '(' => {
                    self.names.push("");
                    self.open("(");
                    self.rest = &self.rest[1..];
                }
                '|' => {
                    let group = self.group();
                    group.item = false;
                    self.plain("|");
                }
                ')' => self.close()?,
                '^' | '$' | '.' => {
                    let text = &before[..1];
                    self.plain(text);
                    self.item(1);
                }
                '[' => self.class()?,
                '*' | '+' | '?' => {
                    self.rest = &self.rest[1..];
                    self.repeat(before, &before[..1], None, last_repeat)?;
                    repeated = Some(before);
                }
                '{' => match bounds(self.rest) {
                    Some((min, max, rest)) => {
                        let text = &before[..before.len() - rest.len()];
                        let most = max.unwrap_or(min);
                        if min > MOST_REPEATS || most > MOST_REPEATS || min > most {
                            return Err(error("invalid repeat count", text));
                        }
                        self.rest = rest;
                        self.repeat(before, text, Some((min, max)), last_repeat)?;
                        repeated = Some(before);
                    }
                    None => self.literal_char(),
                },
                '\\' => self.escape()?,
                _ => self.literal_char(),
            }
            last_repeat = repeated;
        }
        if self.groups.len() > 1 {
            return Err(error("missing closing )", self.whole));
        }
        Ok(())
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// Writes text that means the same in both languages, and passes it.
    fn plain(&mut self, text: &str) {
        self.written.push_str(text);
        self.rest = &self.rest[text.len()..];
    }

    /// Something that can be repeated was written.
    fn item(&mut self, weight: u32) {
        let group = self.group();
        group.item = true;
        group.weight = weight;
        group.most = group.most.max(weight);
    }

    fn literal_char(&mut self) {
        if let Some(rune) = self.rest.chars().next() {
            self.rest = &self.rest[rune.len_utf8()..];
            self.literal(rune);
        }
    }

    fn literal(&mut self, rune: char) {
        push_literal(&mut self.written, rune);
        self.item(1);
    }

    fn open(&mut self, text: &str) {
        self.written.push_str(text);
        let outside = self.flags;
        self.groups.push(Group { outside, ..Group::default() });
    }

    fn close(&mut self) -> Result<()> {
        if self.groups.len() < 2 {
            return Err(error("unexpected )", self.whole));
        }
        if let Some(group) = self.groups.pop() {
            self.flags = group.outside;
            self.plain(")");
            self.item(group.most.max(1));
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        before: &'a str,
        operator: &str,
        bounds: Option<(u32, Option<u32>)>,
        last_repeat: Option<&str>,
    ) -> Result<()> {
        let lazy = self.rest.starts_with('?');
        if lazy {
            self.rest = &self.rest[1..];
        }
        if let Some(last) = last_repeat {
            let stacked = &last[..last.len() - self.rest.len()];
            return Err(error("invalid nested repetition operator", stacked));
        }
        let text = &before[..before.len() - self.rest.len()];
        if !self.group().item {
            return Err(error("missing argument to repetition operator", text));
        }
        if let Some((min, max)) = bounds {
            let times = max.unwrap_or(min);
            let weight = if times == 0 { 1 } else { self.group().weight.saturating_mul(times) };
            if times >= 2 && weight > MOST_REPEATS {
                return Err(error("invalid repeat count", text));
            }
            self.item(weight);
        }
        self.written.push_str(operator);
        if lazy {
            self.written.push('?');
        }
        Ok(())
    }

    /// `(?P<name>`, `(?<name>`, `(?flags)` and `(?flags:`
    fn perl_group(&mut self) -> Result<()> {
        let start = self.rest;
        let name_at = if start.len() > 4 && start.starts_with("(?P<") {
            4
        } else if start.len() > 3 && start.starts_with("(?<") {
            3
        } else {
            return self.flag_group();
        };
        let Some(end) = start.find('>') else { return Err(error("invalid named capture", start)) };
        let name = &start[name_at..end];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(error("invalid named capture", &start[..=end]));
        }
        self.names.push(name);
        self.open("(");
        self.rest = &start[end + 1..];
        Ok(())
    }

    fn flag_group(&mut self) -> Result<()> {
        let start = self.rest;
        let mut flags = self.flags;
        let (mut negative, mut saw) = (false, false);
        for (at, rune) in start.char_indices().skip(2) {
            let rest = &start[at + rune.len_utf8()..];
            match rune {
                'i' => (flags.fold_case, saw) = (!negative, true),
                'm' => (flags.multi_line, saw) = (!negative, true),
                's' => (flags.dot_newline, saw) = (!negative, true),
                'U' => (flags.ungreedy, saw) = (!negative, true),
                '-' if !negative => (negative, saw) = (true, false),
                ':' | ')' if !negative || saw => {
                    let mut all = String::from("(?");
                    let states = [
                        ('i', flags.fold_case),
                        ('m', flags.multi_line),
                        ('s', flags.dot_newline),
                        ('U', flags.ungreedy),
                    ];
                    all.extend(states.iter().filter(|(_, on)| *on).map(|(flag, _)| flag));
                    if states.iter().any(|(_, on)| !on) {
                        all.push('-');
                        all.extend(states.iter().filter(|(_, on)| !on).map(|(flag, _)| flag));
                    }
                    all.push(rune);
                    if rune == ':' {
                        self.open(&all);
                    } else {
                        self.written.push_str(&all);
                    }
                    self.flags = flags;
                    self.rest = rest;
                    return Ok(());
                }
                _ => return Err(error("invalid or unsupported Perl syntax", &start[..at + rune.len_utf8()])),
            }
        }
        Err(error("invalid or unsupported Perl syntax", start))
    }

    fn escape(&mut self) -> Result<()> {
        let start = self.rest;
        let mut replace = |of: usize, text: &str| {
            self.written.push_str(text);
            self.rest = &start[of..];
            self.item(1);
        };
        match start[1..].chars().next() {
            Some('A') => replace(2, r"\A"),
            Some('z') => replace(2, r"\z"),
            Some('b') => replace(2, r"(?-u:\b)"),
            Some('B') => replace(2, r"(?-u:\B)"),
            Some('C') => return Err(error("invalid escape sequence", r"\C")),
            Some('Q') => {
                let (quoted, rest) = start[2..].split_once(r"\E").unwrap_or((&start[2..], ""));
                self.rest = rest;
                for rune in quoted.chars() {
                    self.literal(rune);
                }
            }
            _ => {
                let mut class = String::new();
                if let Some(rest) = unicode_class(start, &mut class)? {
                    self.written.push_str(&class);
                    self.rest = rest;
                    self.item(1);
                } else if let Some((text, rest)) = perl_class(start, false) {
                    self.written.push_str(&text);
                    self.rest = rest;
                    self.item(1);
                } else {
                    let (rune, rest) = escaped_char(start)?;
                    self.rest = rest;
                    self.literal(rune);
                }
            }
        }
        Ok(())
    }

    fn class(&mut self) -> Result<()> {
        let start = self.rest;
        let mut class = String::from("[");
        let mut rest = &start[1..];
        if let Some(after) = rest.strip_prefix('^') {
            class.push('^');
            rest = after;
        }
        let mut first = true;
        while first || !rest.starts_with(']') {
            first = false;
            if rest.len() > 2 && rest.starts_with("[:") && rest[2..].contains(":]") {
                let end = rest[2..].find(":]").unwrap_or_default() + 4;
                let name = &rest[2..end - 2];
                if name.is_empty() || !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
                    return Err(error("invalid character class range", &rest[..end]));
                }
                class.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            if let Some(after) = unicode_class(rest, &mut class)? {
                rest = after;
                continue;
            }
            if let Some((text, after)) = perl_class(rest, true) {
                class.push_str(&text);
                rest = after;
                continue;
            }
            let range = rest;
            let (low, after) = class_char(rest, start)?;
            rest = after;
            let mut high = low;
            if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
                let (end, after) = class_char(&rest[1..], start)?;
                rest = after;
                high = end;
                if high < low {
                    let text = &range[..range.len() - rest.len()];
                    return Err(error("invalid character class range", text));
                }
            }
            push_code(&mut class, low);
            if high != low {
                class.push('-');
                push_code(&mut class, high);
            }
        }
        class.push(']');
        self.written.push_str(&class);
        self.rest = &rest[1..];
        self.item(1);
        Ok(())
    }
}

fn push_literal(written: &mut String, rune: char) {
    if rune.is_ascii_alphanumeric() || rune == '_' || !rune.is_ascii() {
        written.push(rune);
    } else {
        push_code(written, rune);
    }
}

fn push_code(written: &mut String, rune: char) {
    // Writing to a string cannot fail.
    let _ = write!(written, "\\x{{{:X}}}", rune as u32);
}

/// `{2}`, `{2,}` or `{2,5}`: least, most if there is one, and what follows; numbers too large are given as such.
fn bounds(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let number = |text: &'_ str| -> Option<(u32, usize)> {
        let len = text.bytes().take_while(u8::is_ascii_digit).count();
        let digits = &text[..len];
        if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        Some((digits.parse().unwrap_or(u32::MAX), len))
    };
    let text = text.strip_prefix('{')?;
    let (min, len) = number(text)?;
    let text = &text[len..];
    let (max, text) = match text.strip_prefix(',') {
        None => (Some(min), text),
        Some(text) if text.starts_with('}') => (None, text),
        Some(text) => {
            let (max, len) = number(text)?;
            (Some(max), &text[len..])
        }
    };
    Some((min, max, text.strip_prefix('}')?))
}

/// `\d` and its kin, for use in brackets or alone.
fn perl_class(text: &str, in_brackets: bool) -> Option<(String, &str)> {
    let letter = text.strip_prefix('\\')?.get(..1)?;
    let lower = letter.to_ascii_lowercase();
    let (_, inner, alone) = PERL.iter().find(|(name, _, _)| *name == lower)?;
    let class = match (letter == lower, in_brackets) {
        (true, true) => (*inner).to_owned(),
        (true, false) => (*alone).to_owned(),
        (false, _) => format!("[^{inner}]"),
    };
    Some((class, &text[2..]))
}

/// `\pL`, `\p{Greek}`, `\P{^Lu}`: written to `class`; `None` when the text is no such thing.
fn unicode_class<'a>(text: &'a str, class: &mut String) -> Result<Option<&'a str>> {
    let Some(after) = text.strip_prefix("\\p").or_else(|| text.strip_prefix("\\P")) else { return Ok(None) };
    let mut negative = text.starts_with("\\P");
    let Some(first) = after.chars().next() else {
        return Err(error("invalid character class range", text));
    };
    let (name, rest) = if first == '{' {
        let Some(end) = after.find('}') else { return Err(error("invalid character class range", text)) };
        (&after[1..end], &after[end + 1..])
    } else {
        after.split_at(first.len_utf8())
    };
    let sequence = &text[..text.len() - rest.len()];
    let plain = name.strip_prefix('^').unwrap_or(name);
    negative ^= plain.len() != name.len();
    let known = ["gc", "sc"].iter().find_map(|property| {
        let valid = !plain.is_empty()
            && plain.chars().all(|rune| rune.is_ascii_alphanumeric() || "_- ".contains(rune));
        let class = format!("{{{property}={plain}}}");
        (valid && Regex::new(&format!("\\p{class}")).is_ok()).then_some(class)
    });
    let Some(known) = known else { return Err(error("invalid character class range", sequence)) };
    class.push_str(if negative { "\\P" } else { "\\p" });
    class.push_str(&known);
    Ok(Some(rest))
}

fn class_char<'a>(text: &'a str, whole: &str) -> Result<(char, &'a str)> {
    match text.chars().next() {
        None => Err(error("missing closing ]", whole)),
        Some('\\') => escaped_char(text),
        Some(rune) => Ok((rune, &text[rune.len_utf8()..])),
    }
}

/// The rune that an escape of one stands for.
fn escaped_char(text: &str) -> Result<(char, &str)> {
    let mut runes = text[1..].chars();
    let Some(first) = runes.next() else {
        return Err(error("trailing backslash at end of expression", ""));
    };
    let octal = |rune: char| rune.to_digit(8);
    let rest = runes.as_str();
    match first {
        '0'..='7' if first == '0' || rest.starts_with(|rune| octal(rune).is_some()) => {
            let more = rest.bytes().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            let code = u32::from_str_radix(&text[1..2 + more], 8).unwrap_or(0);
            return Ok((char::from_u32(code).unwrap_or('\0'), &rest[more..]));
        }
        'x' => return hex_escape(text),
        'a' => return Ok(('\x07', rest)),
        'f' => return Ok(('\x0C', rest)),
        'n' => return Ok(('\n', rest)),
        'r' => return Ok(('\r', rest)),
        't' => return Ok(('\t', rest)),
        'v' => return Ok(('\x0B', rest)),
        _ if first.is_ascii() && !first.is_ascii_alphanumeric() => return Ok((first, rest)),
        _ => {}
    }
    Err(error("invalid escape sequence", &text[..text.len() - rest.len()]))
}

/// `\x41` and `\x{1F600}`
fn hex_escape(text: &str) -> Result<(char, &str)> {
    let refused = |rest: &str| error("invalid escape sequence", &text[..text.len() - rest.len()]);
    let mut runes = text[2..].chars();
    let Some(first) = runes.next() else { return Err(refused("")) };
    if first != '{' {
        let Some(second) = runes.next() else { return Err(refused("")) };
        let code = first.to_digit(16).zip(second.to_digit(16)).map(|(high, low)| high * 16 + low);
        let rune = code.and_then(char::from_u32).ok_or_else(|| refused(runes.as_str()))?;
        return Ok((rune, runes.as_str()));
    }
    let (mut code, mut digits) = (0, 0);
    for rune in runes.by_ref() {
        if rune == '}' && digits > 0 {
            // A surrogate matches nothing in either language; U+FFFD stands for it.
            return Ok((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), runes.as_str()));
        }
        match rune.to_digit(16) {
            Some(digit) if code * 16 + digit <= char::MAX as u32 => {
                (code, digits) = (code * 16 + digit, digits + 1)
            }
            _ => break,
        }
    }
    Err(refused(runes.as_str()))
}
