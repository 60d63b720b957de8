//! The function table: every function with odd arguments in every place, thousands of calls in a few runs.
//!
//! To see what a call gives, the template includes a template by the name of its result: what cannot be found is named in the
//! error, to the byte.

use std::fs;

use tests::program;

use crate::linted::Entry;

/// Arguments for every place of every function, by kind. `--all-calls` tries all of them, a usual run one of each kind in each
/// place, another one in the next.
const ODD: &[&[&str]] = &[
    &["nil", "$.Values.nothing", "$.Values.absent"],
    &["true", "0", "-1", "7", "'x'", "(int64 5)", "$.Values.int"],
    &["1.5", "-0.0", "1e300", "1i", "$.Values.float"],
    &["\"\"", "\" \"", "\"-12\"", "\"0x1F\"", "\"1e3\"", "\"[{(*\"", "$.Values.text"],
    &["\"é日本😀\"", "\"\\xff\\xfe\"", "\"a,b\\nc\\t\\x00\"", "(printf \"%0300d\" 1)", "(b64dec \"/w==\")"],
    &[
        "(list)",
        "(list 1 nil \"x\" (list 2) (dict \"k\" 1.5))",
        "(splitList \",\" \"b,a\")",
        "(until 3)",
        "$.Values.list",
        "$.Chart.Keywords",
        "$.Capabilities.APIVersions",
    ],
    &[
        "(dict)",
        "(dict \"a\" 1 \"b\" (dict \"c\" (list 1)))",
        "(dict \"a\" nil \"\" true)",
        "(split \".\" \"x.y\")",
        "(fromJson \"{\\\"n\\\": [1, null]}\")",
        "(urlParse \"http://u@h/p?q#f\")",
        "$.Values.map",
        "$.Chart.Annotations",
        "$.Files",
    ],
    &[
        "$.Chart",
        "$.Chart.Maintainers",
        "$.Capabilities.KubeVersion",
        "(toDate \"2006-01-02 15:04\" \"2020-02-03 04:05\")",
        "(mustToDuration \"90m\")",
        "(semver \"1.2.3-a+b\")",
    ],
];

/// Numbers that make Helm fill the memory where they say how many there are to be.
const HUGE: &[&str] = &["9223372036854775807", "-9223372036854775808"];

const VALUES: &str = "nothing: null\nint: 3\nfloat: 2.5e10\nlist: [b, 1, null, {x: y}]\nmap: {b: 2, a: {c: [1]}}\ntext: \"a\\nb: c\"\n";

/// Makes the calls out of `calls.txt`: `all` of them, or some of every kind.
///
/// # Errors
/// Those of the file system, and a line whose parentheses or quotes do not close.
pub(crate) fn table(all: bool) -> Result<Vec<Entry>, String> {
    let path = program::root().join("tests/oracle/calls.txt");
    let text = fs::read_to_string(&path).map_err(|err| format!("{}: {err}", path.display()))?;
    let mut calls = Vec::new();
    let mut turn = 0;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mark = line.chars().next().filter(|mark| "!~".contains(*mark));
        let words =
            words(&line[mark.map_or(0, char::len_utf8)..]).ok_or_else(|| format!("calls.txt: {line}"))?;
        variants(&words, mark, (!all).then_some(&mut turn), &mut calls);
    }
    let mut seen = std::collections::BTreeSet::new();
    calls.retain(|call| seen.insert(call.clone()));
    Ok(calls.iter().map(|call| entry(call)).collect())
}

fn entry(call: &str) -> Entry {
    let template = format!(
        "{{{{ define \"one\" }}}}<{{{{ . }}}}>{{{{ end }}}}{{{{ $x := {call} }}}}{{{{ include (printf \"%T %v\" $x $x) . }}}}\n"
    );
    Entry::new(format!("calls › {call}"), VALUES, &template)
}

/// The call itself, one argument less and one more, and odd arguments in every place: all, or of each kind the one whose turn it is.
fn variants(words: &[&str], mark: Option<char>, mut turn: Option<&mut usize>, calls: &mut Vec<String>) {
    calls.push(words.join(" "));
    if words.len() > 1 {
        calls.push(words[..words.len() - 1].join(" "));
    }
    if mark != Some('~') {
        calls.push(format!("{} \"more\"", words.join(" ")));
    }
    let huge = if mark.is_none() { &[HUGE][..] } else { &[] };
    for place in 1..words.len() {
        if let Some(turn) = &mut turn {
            **turn += 1;
        }
        for kind in ODD.iter().chain(huge) {
            let some = turn.as_ref().map_or(0..kind.len(), |turn| {
                let at = **turn % kind.len();
                at..at + 1
            });
            for odd in &kind[some] {
                if mark == Some('~') && self::kind(odd) == self::kind(words[place]) {
                    continue;
                }
                let mut words = words.to_vec();
                words[place] = odd;
                calls.push(words.join(" "));
            }
        }
    }
}

/// What an operand looks like: a text, a number, or something else.
fn kind(word: &str) -> u8 {
    match word.as_bytes() {
        [b'"', ..] | [b'(', b'b' | b'p', ..] => 0,
        [b'$', ..] => 0,
        [b'-' | b'0'..=b'9' | b'\'', ..] => 1,
        [b'(', b'l' | b's', ..] => 2,
        _ => 3,
    }
}

/// The operands of a call; what stands in parentheses is one.
fn words(line: &str) -> Option<Vec<&str>> {
    let (mut words, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0_usize, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            b' ' if depth == 0 => {
                words.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&line[start..]);
    (depth == 0 && !quoted).then_some(words)
}
