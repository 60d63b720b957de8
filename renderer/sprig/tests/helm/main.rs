//! Every function against recorded answers of helm v4.3.1: `answers.tsv` holds expression, `%T` and text, or the error.

#![expect(
    clippy::unwrap_used,
    reason = "the answers are recorded by hand; a broken line should stop the test"
)]

mod expression;

use std::fmt::Write;

use expression::evaluate;

/// Undoes the escapes of the file: `\n`, `\t`, `\\` and `\xNN`.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(b'x') => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other.unwrap(),
            },
            other => other,
        });
    }
    bytes
}

#[test]
fn answers_are_those_of_helm() {
    let functions = sprig::funcs();
    let mut differences = String::new();
    let (mut cases, mut different) = (0, 0);
    for line in include_str!("answers.tsv").lines().filter(|line| !line.is_empty()) {
        let [expression, of, answer] =
            line.split('\t').collect::<Vec<_>>().try_into().expect("three columns");
        let expression = String::from_utf8(unescape(expression)).unwrap();
        let answer = unescape(answer);
        let (our_type, ours) = match evaluate(&functions, &expression) {
            Ok(value) if value.is_nil() => ("<nil>".to_owned(), Vec::new()),
            Ok(value) => (value.type_name().to_owned(), value::fmt::display(&value).as_bytes().to_vec()),
            Err(error) => ("error".to_owned(), error.into_bytes()),
        };
        cases += 1;
        if of != our_type || answer != ours {
            different += 1;
            let theirs = String::from_utf8_lossy(&answer);
            let ours = String::from_utf8_lossy(&ours);
            writeln!(differences, "{expression}\n  helm {of} {theirs:?}\n  ours {our_type} {ours:?}")
                .unwrap();
        }
    }
    assert!(differences.is_empty(), "{different} of {cases} differ\n{differences}");
}
