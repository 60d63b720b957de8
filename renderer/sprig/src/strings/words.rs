//! Words joined by case or by connectors: `snakecase`, `kebabcase`, `camelcase`.
//!
//! *Source*: xstrings 1.5.0 `convert.go`, `count.go`.

use gotemplate::Call;
use value::Text;

use super::{Made, derive};
use crate::table::Table;
use crate::unicode::{self, ERROR};

pub(super) fn add(table: &mut Table) {
    table.pure("snakecase", snakecase);
    table.pure("kebabcase", kebabcase);
    table.pure("camelcase", camelcase);
}

fn snakecase(call: &mut Call<'_>, text: Text) -> Made {
    derive(call, split_words(text.as_bytes(), b'_'), &[&text])
}

fn kebabcase(call: &mut Call<'_>, text: Text) -> Made {
    derive(call, split_words(text.as_bytes(), b'-'), &[&text])
}

fn camelcase(call: &mut Call<'_>, text: Text) -> Made {
    derive(call, pascal(text.as_bytes()), &[&text])
}

fn pascal(bytes: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(bytes.len());
    let mut runes = unicode::runes(bytes).map(|(rune, _)| rune).peekable();
    // Leading connectors stay.
    let mut rune = loop {
        let Some(rune) = runes.next() else { return made };
        if !is_connector(rune) {
            break rune;
        }
        // The last rune of a text is written twice when all are connectors; upstream does so.
        unicode::push(&mut made, rune);
        if runes.peek().is_none() {
            unicode::push(&mut made, rune);
        }
    };
    let mut first_is_upper = unicode::is_upper(rune);
    rune = unicode::to_upper(rune);
    for next in runes {
        let before = std::mem::replace(&mut rune, next);
        if is_connector(rune) && is_connector(before) {
            unicode::push(&mut made, before);
        } else if is_connector(before) {
            first_is_upper = unicode::is_upper(rune);
            rune = unicode::to_upper(rune);
        } else {
            if first_is_upper {
                if unicode::is_upper(rune) {
                    rune = unicode::to_lower(rune);
                } else {
                    first_is_upper = false;
                }
            }
            unicode::push(&mut made, before);
        }
    }
    unicode::push(&mut made, rune);
    made
}

fn is_connector(rune: char) -> bool {
    matches!(rune, '-' | '_') || unicode::is_space(rune)
}

/// A letter of a script that has words of letters; common CJK characters are not.
fn is_alphabet(rune: char) -> bool {
    unicode::is_letter(rune)
        && !matches!(rune, '\u{3400}'..='\u{4D85}' | '\u{4E00}'..='\u{9FCC}' | '\u{20000}'..='\u{2B81D}')
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Word {
    Alphabet,
    Connector,
    Invalid,
    Number,
    Other,
    Punct,
    Upper,
}

/// The words of a text from its front.
struct Words<'a> {
    rest: &'a [u8],
    kind: Word,
    word: &'a [u8],
}

fn split_words(bytes: &[u8], connector: u8) -> Vec<u8> {
    let mut made = Vec::with_capacity(bytes.len() + bytes.len() / 4);
    let mut words = Words { rest: bytes, kind: Word::Invalid, word: &[] };
    words.next();
    while !words.rest.is_empty() {
        if words.kind != Word::Connector {
            words.write(&mut made, connector);
        }
        let (before, last) = (words.kind, words.word);
        words.next();
        match before {
            Word::Number => words.take_tail(&mut made, connector),
            Word::Connector => write(&mut made, before, last, connector),
            Word::Punct => {}
            _ if words.kind != Word::Number => {
                if !matches!(words.kind, Word::Connector | Word::Punct) {
                    made.push(connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = words.word;
                words.next();
                if words.kind == Word::Alphabet {
                    // Lower-case letters follow the number, which then starts a word of its own: `HTTP2xx`.
                    made.push(connector);
                    write(&mut made, Word::Number, number, connector);
                    words.take_tail(&mut made, connector);
                } else {
                    // The number belongs to the word before it: `Bld4Floor`.
                    write(&mut made, Word::Number, number, connector);
                    if !matches!(words.kind, Word::Connector | Word::Punct) {
                        made.push(connector);
                    }
                }
            }
        }
    }
    words.write(&mut made, connector);
    made
}

fn write(made: &mut Vec<u8>, kind: Word, word: &[u8], connector: u8) {
    if !matches!(kind, Word::Upper | Word::Connector) {
        made.extend_from_slice(word);
        return;
    }
    for (rune, _) in unicode::runes(word) {
        if is_connector(rune) {
            made.push(connector);
        } else if unicode::is_upper(rune) {
            unicode::push(made, unicode::to_lower(rune));
        } else {
            unicode::push(made, rune);
        }
    }
}

impl Words<'_> {
    fn write(&self, made: &mut Vec<u8>, connector: u8) {
        write(made, self.kind, self.word, connector);
    }

    /// Writes the letters and numbers that follow a number, and a connector where another word starts.
    fn take_tail(&mut self, made: &mut Vec<u8>, connector: u8) {
        while matches!(self.kind, Word::Alphabet | Word::Number) {
            self.write(made, connector);
            self.next();
        }
        if !matches!(self.kind, Word::Invalid | Word::Punct | Word::Connector) {
            made.push(connector);
        }
    }

    /// Moves on to the next word; past the end there is an empty invalid one.
    fn next(&mut self) {
        let text = self.rest;
        let (rune, mut len) = next_valid(text);
        let Some(rune) = rune else {
            self.kind = Word::Invalid;
            (self.word, self.rest) = text.split_at(len);
            return;
        };
        self.kind = if is_connector(rune) {
            len += run(&text[len..], is_connector);
            Word::Connector
        } else if unicode::is_punct(rune) {
            len += run(&text[len..], unicode::is_punct);
            Word::Punct
        } else if unicode::is_upper(rune) {
            len += upper_tail(&text[len..]);
            Word::Upper
        } else if is_alphabet(rune) {
            len += run(&text[len..], is_lower_alphabet);
            Word::Alphabet
        } else if unicode::is_number(rune) {
            len += run(&text[len..], unicode::is_number);
            Word::Number
        } else {
            len += run(&text[len..], |rune| {
                !(is_connector(rune)
                    || is_alphabet(rune)
                    || unicode::is_number(rune)
                    || unicode::is_punct(rune))
            });
            Word::Other
        };
        (self.word, self.rest) = text.split_at(len);
    }
}

fn is_lower_alphabet(rune: char) -> bool {
    is_alphabet(rune) && !unicode::is_upper(rune)
}

/// Length of the rest of a word that starts with an upper-case letter.
fn upper_tail(text: &[u8]) -> usize {
    let (first, _) = next_valid(text);
    if first.is_some_and(|rune| is_alphabet(rune) && !unicode::is_upper(rune)) {
        return run(text, is_lower_alphabet);
    }
    let (mut len, mut last) = (0, 0);
    while len < text.len() {
        match next_valid(&text[len..]) {
            // `HTTPStatus` is `HTTP` and `Status`: the last capital starts the next word.
            (Some(rune), _) if !unicode::is_upper(rune) => {
                return if is_alphabet(rune) { len - last } else { len };
            }
            (_, width) => {
                last = width;
                len += width;
            }
        }
    }
    len
}

/// Length of the runes from the front that `holds` for; invalid bytes at the end are taken for one more of them.
fn run(text: &[u8], holds: impl Fn(char) -> bool) -> usize {
    let mut len = 0;
    while len < text.len() {
        match next_valid(&text[len..]) {
            (Some(rune), _) if !holds(rune) => break,
            (_, width) => len += width,
        }
    }
    len
}

/// The next valid rune, if any, and how many bytes it takes with the invalid ones before it.
fn next_valid(text: &[u8]) -> (Option<char>, usize) {
    let mut taken = 0;
    for (rune, width) in unicode::runes(text) {
        taken += width;
        if rune != ERROR {
            return (Some(rune), taken);
        }
    }
    (None, taken)
}
