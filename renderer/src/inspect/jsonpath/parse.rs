//! Reading a path template.
//!
//! Source: k8s.io/client-go v0.37.1 `util/jsonpath/parser.go`; Go 1.27 `strconv/quote.go`, `UnquoteChar`.

use value::fmt::is_print;

use super::{Bound, Node};

/// Filters and unions nest at most this deep. A limit of ours.
const MAX_DEPTH: usize = 100;

/// The nodes of a template: texts and lists.
pub(super) fn parse(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    if depth > MAX_DEPTH {
        return Err(format!("filters are nested more than {MAX_DEPTH} deep"));
    }
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        if at > 0 {
            nodes.push(Node::Text(rest[..at].to_owned()));
        }
        let mut parser = Parser { rest: &rest[at + 1..], nodes: Vec::new(), depth };
        parser.action()?;
        rest = parser.rest;
        nodes.push(Node::List(parser.nodes));
    }
    if !rest.is_empty() {
        nodes.push(Node::Text(rest.to_owned()));
    }
    Ok(nodes)
}

/// What is inside braces; text behind them is dropped.
fn parse_action(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    match parse(&format!("{{{text}}}"), depth + 1)?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Parser<'a> {
    rest: &'a str,
    nodes: Vec<Node>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn action(&mut self) -> Result<(), String> {
        loop {
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return Ok(());
            }
            if let Some(rest) = self.rest.strip_prefix("[?(") {
                self.rest = rest;
                self.filter()?;
                continue;
            }
            if let Some(rest) = self.rest.strip_prefix("..") {
                if matches!(self.nodes.last(), Some(Node::Recursive)) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                self.rest = rest;
                self.nodes.push(Node::Recursive);
                if rest.starts_with(is_alphanumeric) {
                    self.field();
                }
                continue;
            }
            match self.rest.chars().next() {
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => self.rest = &self.rest[1..],
                Some('[') => self.array()?,
                Some(end @ ('"' | '\'')) => self.quoted(end)?,
                Some('.') => {
                    self.rest = &self.rest[1..];
                    self.field();
                }
                Some(rune) if rune == '+' || rune == '-' || rune.is_numeric() => self.number()?,
                Some(rune) if is_alphanumeric(rune) => {
                    let word = self.until(is_terminator);
                    self.nodes.push(match word {
                        "true" => Node::Bool(true),
                        "false" => Node::Bool(false),
                        word => Node::Identifier(word.to_owned()),
                    });
                }
                Some(rune) => {
                    return Err(format!("unrecognized character in action: {}", unicode(rune)));
                }
            }
        }
    }

    /// Takes all in front of the first rune that ends it.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let (front, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        front
    }

    fn field(&mut self) {
        let mut end = 0;
        let mut runes = self.rest.chars();
        while let Some(rune) = runes.next() {
            if is_terminator(rune) {
                break;
            }
            end += rune.len_utf8();
            if rune == '\\' {
                end += runes.next().map_or(0, char::len_utf8);
            }
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.nodes.push(match name {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        });
    }

    fn number(&mut self) -> Result<(), String> {
        let sign = usize::from(self.rest.starts_with(['+', '-']));
        let end = self.rest[sign..].find(|rune: char| rune != '.' && !rune.is_numeric());
        let (text, rest) = self.rest.split_at(end.map_or(self.rest.len(), |end| sign + end));
        self.rest = rest;
        let plain = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = plain.parse() {
            self.nodes.push(Node::Int(number));
        } else if let (true, Ok(number)) = (text.contains(|c: char| c.is_ascii_digit()), plain.parse()) {
            self.nodes.push(Node::Float(number));
        } else {
            return Err(format!("cannot parse number {text}"));
        }
        Ok(())
    }

    fn array(&mut self) -> Result<(), String> {
        let end = self.rest.find([']', '\n']).filter(|end| self.rest.as_bytes()[*end] == b']');
        let end = end.ok_or("unterminated array")?;
        let inner = &self.rest[1..end];
        self.rest = &self.rest[end + 1..];
        let inner = if inner == "*" { ":" } else { inner };
        if inner.contains(',') {
            let parts = inner
                .split(',')
                .map(|part| parse_action(&format!("[{}]", part.trim_matches(' ')), self.depth));
            self.nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = inner.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            self.nodes.extend(parse_action(&format!(".{key}"), self.depth)?);
            return Ok(());
        }
        self.nodes.push(Node::Array(bounds(inner)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<(), String> {
        let bytes = self.rest.as_bytes();
        let mut pair = None;
        let mut has_ended = false;
        let mut at = 0;
        loop {
            match bytes.get(at) {
                None | Some(b'\n') => return Err("unterminated filter".to_owned()),
                Some(quote @ (b'"' | b'\'')) => match pair {
                    None => pair = Some(*quote),
                    Some(open) => {
                        // A quote that opens stands before this one.
                        has_ended |= bytes[at - 1] != b'\\' && *quote == open;
                    }
                },
                Some(b')') if pair.is_some() == has_ended => break,
                _ => {}
            }
            at += 1;
        }
        if bytes.get(at + 1) != Some(&b']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let text = &self.rest[..at];
        self.rest = &self.rest[at + 2..];
        let node = match comparison(text) {
            None => Node::Filter {
                left: parse_action(text, self.depth)?,
                right: Vec::new(),
                operator: "exists".to_owned(),
            },
            Some((left, operator, right)) => Node::Filter {
                left: parse_action(left, self.depth)?,
                right: parse_action(right, self.depth)?,
                operator: operator.to_owned(),
            },
        };
        self.nodes.push(node);
        Ok(())
    }

    fn quoted(&mut self, end: char) -> Result<(), String> {
        let bytes = self.rest.as_bytes();
        let mut at = 1;
        loop {
            match bytes.get(at) {
                None | Some(b'\n') => return Err("unterminated quoted string".to_owned()),
                Some(byte) if char::from(*byte) == end && bytes[at - 1] != b'\\' => break,
                _ => at += 1,
            }
        }
        let (text, rest) = self.rest.split_at(at + 1);
        self.rest = rest;
        let unquoted = unquote(&text[1..text.len() - 1], end)
            .ok_or_else(|| format!("unquote string {text} error invalid syntax"))?;
        self.nodes.push(Node::Text(unquoted));
        Ok(())
    }
}

/// The three parts of `1:5:2`.
fn bounds(text: &str) -> Result<[Bound; 3], String> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_number =
        |part: &&str| part.strip_prefix('-').unwrap_or(part).bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return Err(format!("invalid array index {text}"));
    }
    let mut bounds = [Bound::default(); 3];
    for (index, bound) in bounds.iter_mut().enumerate() {
        match parts.get(index) {
            Some(part) if !part.is_empty() => {
                bound.value = part.parse().map_err(|_| format!("array index {part} is not a number"))?;
                bound.is_known = true;
            }
            _ => {}
        }
    }
    if parts.len() == 1 {
        bounds[1] = Bound { value: bounds[0].value.saturating_add(1), is_known: true, is_derived: true };
    }
    Ok(bounds)
}

/// The sides of a comparison and its operator; `None` when it is none.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |rune: char| matches!(rune, '!' | '<' | '>' | '=');
    let (left, rest) = text.split_at(text.find(is_operator).filter(|at| *at > 0)?);
    let length = rest.find(|rune| !is_operator(rune)).unwrap_or(rest.len());
    // An operator leaves something to compare with.
    let length = if length == rest.len() { length - 1 } else { length };
    (length > 0).then(|| (left, &rest[..length], &rest[length..]))
}

/// `None`: an escape that Go does not know, or the quote itself.
fn unquote(text: &str, end: char) -> Option<String> {
    if !text.contains(['\\', end]) {
        return Some(text.to_owned());
    }
    let mut out = Vec::new();
    let mut runes = text.chars();
    while let Some(rune) = runes.next() {
        let rune = match rune {
            '\\' => match runes.next()? {
                'a' => '\x07',
                'b' => '\x08',
                'f' => '\x0c',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\x0b',
                '\\' => '\\',
                'x' => {
                    out.push(u8::try_from(code(&mut runes, 0, 2, 16)?).ok()?);
                    continue;
                }
                'u' => char::from_u32(code(&mut runes, 0, 4, 16)?)?,
                'U' => char::from_u32(code(&mut runes, 0, 8, 16)?)?,
                digit @ '0'..='7' => {
                    out.push(u8::try_from(code(&mut runes, digit.to_digit(8)?, 2, 8)?).ok()?);
                    continue;
                }
                quote if quote == end => quote,
                _ => return None,
            },
            rune if rune == end => return None,
            rune => rune,
        };
        out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// The number in the next digits, behind those read already.
fn code(runes: &mut std::str::Chars<'_>, first: u32, count: usize, radix: u32) -> Option<u32> {
    (0..count).try_fold(first, |code, _| code.checked_mul(radix)?.checked_add(runes.next()?.to_digit(radix)?))
}

/// A rune as Go's `%#U` prints it.
fn unicode(rune: char) -> String {
    let code = u32::from(rune);
    if is_print(rune) { format!("U+{code:04X} '{rune}'") } else { format!("U+{code:04X}") }
}

fn is_alphanumeric(rune: char) -> bool {
    rune == '_' || rune.is_alphabetic() || rune.is_numeric()
}

fn is_terminator(rune: char) -> bool {
    matches!(rune, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}
