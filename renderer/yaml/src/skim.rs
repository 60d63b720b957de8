//! The short way to a manifest's head: one pass over the lines of a document, building nothing.
//!
//! Most rendered text is plain: block mappings and lists, scalars on a line, text blocks. `skim` proves that such a document is
//! valid YAML which decodes without an error, and keeps the few strings of the head. Where it meets anything else, be it
//! an anchor, a tag, a tab or a mistake, it gives up, and the full reader decides. So it never has to word an error, and it may
//! refuse whatever is not worth the code.
//!
//! What it accepts must be a part of what `scanner` and `parser` accept, with the same head.

use value::Text;

use crate::head::{Head, Metadata, metadata};
use crate::input::check;
use crate::resolve::{Resolved, resolve};

/// Deeper documents go the long way, which knows the limits.
const MAX_DEPTH: usize = 5_000;
/// Keys may be a little longer than this, but then it has to be counted in characters.
const MAX_KEY: usize = 1_000;

/// What a value is for the head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    /// Nothing: any value will do.
    Other,
    ApiVersion,
    Kind,
    Metadata,
    Name,
    Annotations,
    /// The value of the annotation that was pushed last.
    Annotation,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Mapping {
        role: MapRole,
    },
    Sequence,
    /// A list as deep as the key above it.
    Indentless,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum MapRole {
    Other,
    Root,
    Metadata,
    Annotations,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    indent: usize,
    kind: Kind,
    /// The last key or dash has no value yet; what its value would be.
    pending: Option<Role>,
}

struct Skim<'t> {
    text: &'t [u8],
    /// Start of the next line.
    at: usize,
    blocks: Vec<Block>,
    has_root: bool,
    head: Head,
}

/// The head of a document, or `None` where the full reader has to look.
pub(crate) fn skim(text: &[u8]) -> Option<Head> {
    let checked = check(text);
    if checked.failure.is_some() || checked.has_mark || checked.has_odd_break {
        return None;
    }
    let mut skim = Skim { text, at: 0, blocks: Vec::new(), has_root: false, head: Head::default() };
    while skim.line()? {}
    if let Some(annotations) = skim.head.metadata.as_mut().and_then(|metadata| metadata.annotations.as_mut())
    {
        sort_annotations(annotations);
    }
    Some(skim.head)
}

/// In the order of keys; of equal keys the last one stays.
fn sort_annotations(annotations: &mut Vec<(Text, Text)>) {
    if !annotations.is_sorted_by(|(a, _), (b, _)| a < b) {
        annotations.sort_by(|(a, _), (b, _)| a.cmp(b));
        annotations.reverse();
        annotations.dedup_by(|(a, _), (b, _)| a == b);
        annotations.reverse();
    }
}

/// Bytes at which a scan of plain text stops.
static PLAIN_STOP: [bool; 256] = {
    let mut stop = [false; 256];
    stop[b':' as usize] = true;
    stop[b'#' as usize] = true;
    stop[b'\n' as usize] = true;
    stop[b'\t' as usize] = true;
    stop
};

impl<'t> Skim<'t> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    fn is_blank_or_end(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b' ' | b'\n' | b'\t'))
    }

    fn skip_spaces(&self, at: usize) -> usize {
        let mut at = at;
        while self.byte(at) == Some(b' ') {
            at += 1;
        }
        at
    }

    /// Start of the line behind `at`.
    fn next_line(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let mut words = rest.chunks_exact(8);
        let mut skipped = 0;
        for word in &mut words {
            // A byte of this is zero where the word has a line feed; the usual trick finds it.
            let word =
                u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]])
                    ^ 0x0a0a_0a0a_0a0a_0a0a;
            let zeros = word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080;
            if zeros != 0 {
                return at + skipped + zeros.trailing_zeros() as usize / 8 + 1;
            }
            skipped += 8;
        }
        match words.remainder().iter().position(|byte| *byte == b'\n') {
            Some(feed) => at + skipped + feed + 1,
            None => self.text.len(),
        }
    }

    fn is_document_indicator(&self, at: usize) -> bool {
        let line = &self.text[at..];
        line.starts_with(b"---") || line.starts_with(b"...")
    }

    /// One line, or what starts on it; `false` at the end.
    fn line(&mut self) -> Option<bool> {
        let start = self.at;
        let at = self.skip_spaces(start);
        match self.byte(at) {
            None => return Some(false),
            Some(b'\n') => {
                self.at = at + 1;
                return Some(true);
            }
            Some(b'#') => {
                self.at = self.next_line(at);
                return Some(true);
            }
            Some(b'\t') => return None,
            Some(b'%') if at == start => return None,
            Some(_) if at == start && self.is_document_indicator(at) => return None,
            Some(_) => {}
        }
        let column = at - start;
        while self.blocks.last().is_some_and(|block| block.indent > column) {
            self.blocks.pop();
        }
        self.content(at, column)?;
        Some(true)
    }

    /// What stands at `column`: dashes, then a key with its value, or a value.
    fn content(&mut self, mut at: usize, mut column: usize) -> Option<()> {
        while self.byte(at) == Some(b'-') && self.is_blank_or_end(at + 1) {
            self.dash(column)?;
            let next = self.skip_spaces(at + 1);
            match self.byte(next) {
                None | Some(b'\n' | b'#') => {
                    self.at = self.next_line(next);
                    return Some(());
                }
                Some(b'\t') => return None,
                Some(_) => {}
            }
            column += next - at;
            at = next;
        }
        match self.key(at)? {
            Some((key, after)) => {
                let map = self.open_mapping(column)?;
                let role = self.role_of(map, key)?;
                self.value(after, role)
            }
            None => {
                let block = self.blocks.last_mut()?;
                if block.indent >= column || block.pending.take() != Some(Role::Other) {
                    return None;
                }
                self.scalar(at, Role::Other)
            }
        }
    }

    /// Takes the value that the block around `column` waits for; `None` where it does not wait for a collection.
    fn take_pending(&mut self) -> Option<Role> {
        self.blocks.last_mut()?.pending.take()
    }

    fn dash(&mut self, column: usize) -> Option<()> {
        let last = self.blocks.last()?;
        if last.indent == column {
            if let Kind::Mapping { .. } = last.kind {
                if self.take_pending()? != Role::Other {
                    return None;
                }
                self.push(Block { indent: column, kind: Kind::Indentless, pending: None })?;
            }
        } else {
            if self.take_pending()? != Role::Other {
                return None;
            }
            self.push(Block { indent: column, kind: Kind::Sequence, pending: None })?;
        }
        self.blocks.last_mut()?.pending = Some(Role::Other);
        Some(())
    }

    fn push(&mut self, block: Block) -> Option<()> {
        self.blocks.push(block);
        (self.blocks.len() < MAX_DEPTH).then_some(())
    }

    /// Makes sure of a mapping at `column`.
    fn open_mapping(&mut self, column: usize) -> Option<MapRole> {
        if self.blocks.last().is_some_and(|block| block.indent == column && block.kind == Kind::Indentless) {
            self.blocks.pop();
        }
        let role = match self.blocks.last() {
            Some(Block { indent, kind: Kind::Mapping { role }, .. }) if *indent == column => {
                return Some(*role);
            }
            Some(Block { indent, .. }) if *indent == column => return None,
            Some(_) => match self.take_pending()? {
                Role::Other => MapRole::Other,
                Role::Metadata => {
                    self.head.metadata = Some(Metadata::default());
                    MapRole::Metadata
                }
                Role::Annotations => {
                    self.head.metadata.as_mut()?.annotations = Some(Vec::new());
                    MapRole::Annotations
                }
                _ => return None,
            },
            None if self.has_root => return None,
            None => {
                self.has_root = true;
                MapRole::Root
            }
        };
        self.push(Block { indent: column, kind: Kind::Mapping { role }, pending: None })?;
        Some(role)
    }

    /// A key and the place behind its colon, if that is what stands here.
    fn key(&self, at: usize) -> Option<Option<(&'t [u8], usize)>> {
        let first = self.byte(at)?;
        let end = match first {
            b'"' | b'\'' => {
                let rest = &self.text[at + 1..];
                let length = rest.iter().position(|byte| *byte == first || matches!(byte, b'\n' | b'\\'));
                match length {
                    Some(length) if rest[length] == first && length < MAX_KEY => {
                        let after = at + length + 2;
                        let is_key = self.byte(after) == Some(b':') && self.is_blank_or_end(after + 1);
                        return Some(is_key.then(|| (&rest[..length], after + 1)));
                    }
                    // Not a key that we know; as a value it will be refused if a colon follows.
                    _ => return Some(None),
                }
            }
            b'[' | b'{' | b'|' | b'>' => return Some(None),
            b']' | b'}' | b',' | b'#' | b'&' | b'*' | b'!' | b'%' | b'@' | b'`' => return None,
            b'?' | b':' if self.is_blank_or_end(at + 1) => return None,
            _ => {
                let mut end = at;
                loop {
                    end +=
                        self.text[end..].iter().take_while(|byte| !PLAIN_STOP[usize::from(**byte)]).count();
                    match self.byte(end) {
                        Some(b':') if self.is_blank_or_end(end + 1) => break,
                        Some(b'#') if self.text[end - 1] == b' ' => return Some(None),
                        Some(b'\n') | None => return Some(None),
                        Some(b'\t') => return None,
                        Some(_) => end += 1,
                    }
                }
                end
            }
        };
        if end - at > MAX_KEY {
            return None;
        }
        let key = self.text[at..end].trim_ascii_end();
        check_plain_key(key)?;
        Some(Some((key, end + 1)))
    }

    /// What a key of the mapping means for the head.
    fn role_of(&mut self, map: MapRole, key: &[u8]) -> Option<Role> {
        let fields: &[(&str, Role)] = match map {
            MapRole::Other => return Some(Role::Other),
            MapRole::Annotations => {
                if key.is_empty() || resolve(key) != Resolved::Str {
                    return None;
                }
                let annotations = self.head.metadata.as_mut()?.annotations.as_mut()?;
                annotations.push((Text::from(key), Text::new()));
                return Some(Role::Annotation);
            }
            MapRole::Root => {
                &[("apiVersion", Role::ApiVersion), ("kind", Role::Kind), ("metadata", Role::Metadata)]
            }
            MapRole::Metadata => &[("name", Role::Name), ("annotations", Role::Annotations)],
        };
        for (name, role) in fields {
            if key == name.as_bytes() {
                match role {
                    // A second one stands in place of the first.
                    Role::Metadata => self.head.metadata = None,
                    Role::Annotations => self.head.metadata.as_mut()?.annotations = None,
                    _ => {}
                }
                return Some(*role);
            }
            // Another spelling may decode into the same field.
            if key.eq_ignore_ascii_case(name.as_bytes()) {
                return None;
            }
        }
        key.is_ascii().then_some(Role::Other)
    }

    /// The value behind a colon.
    fn value(&mut self, after: usize, role: Role) -> Option<()> {
        let at = self.skip_spaces(after);
        match self.byte(at) {
            None | Some(b'\n' | b'#') => {
                if !matches!(role, Role::Other | Role::Metadata | Role::Annotations) {
                    return None;
                }
                self.blocks.last_mut()?.pending = Some(role);
                self.at = self.next_line(at);
                Some(())
            }
            Some(b'-' | b'?' | b':') if self.is_blank_or_end(at + 1) => None,
            Some(_) => {
                self.blocks.last_mut()?.pending = None;
                self.scalar(at, role)
            }
        }
    }

    /// A value that is not a block collection.
    fn scalar(&mut self, at: usize, role: Role) -> Option<()> {
        let found = match self.byte(at)? {
            b'"' => self.quoted(at, b'"')?,
            b'\'' => self.quoted(at, b'\'')?,
            b'|' | b'>' => {
                self.text_block(at)?;
                None
            }
            b'[' | b'{' => {
                let end = self.flow(at)?;
                if role == Role::Metadata {
                    self.head.metadata = Some(metadata(&self.text[at..end])?);
                    return Some(());
                }
                None
            }
            b']' | b'}' | b',' | b'#' | b'&' | b'*' | b'!' | b'%' | b'@' | b'`' | b'\t' => return None,
            _ => self.plain(at, role)?,
        };
        if role == Role::Other {
            return Some(());
        }
        let text = Text::from(found?);
        match role {
            Role::ApiVersion => self.head.api_version = text,
            Role::Kind => self.head.kind = text,
            Role::Name => self.head.metadata.as_mut()?.name = text,
            Role::Annotation => self.head.metadata.as_mut()?.annotations.as_mut()?.last_mut()?.1 = text,
            Role::Other | Role::Metadata | Role::Annotations => return None,
        }
        Some(())
    }

    /// Plain text; gives it if it is a string on one line.
    fn plain(&mut self, at: usize, role: Role) -> Option<Option<&'t [u8]>> {
        let indent = self.blocks.last()?.indent;
        let (mut end, mut has_comment) = self.plain_line(at)?;
        let text = self.text[at..end].trim_ascii_end();
        // `.inf` and `.nan` have no JSON.
        if let [b'.', ..] | [b'+' | b'-', b'.', ..] = text
            && matches!(resolve(text), Resolved::Float(number) if !number.is_finite())
        {
            return None;
        }
        let mut is_one_line = true;
        loop {
            let mut line = self.next_line(end);
            if has_comment {
                self.at = line;
                break;
            }
            // Empty lines may belong to the text.
            let mut start = self.skip_spaces(line);
            while self.byte(start) == Some(b'\n') {
                line = start + 1;
                start = self.skip_spaces(line);
            }
            match self.byte(start) {
                Some(b'\t') => return None,
                Some(byte) if start - line > indent && byte != b'#' => {
                    is_one_line = false;
                    (end, has_comment) = self.plain_line(start)?;
                }
                _ => {
                    self.at = line;
                    break;
                }
            }
        }
        Some((is_one_line && role != Role::Other && resolve(text) == Resolved::Str).then_some(text))
    }

    /// Plain text up to the end of the line or a comment, which it says.
    fn plain_line(&self, at: usize) -> Option<(usize, bool)> {
        let mut end = at;
        loop {
            end += self.text[end..].iter().take_while(|byte| !PLAIN_STOP[usize::from(**byte)]).count();
            match self.byte(end) {
                None | Some(b'\n') => return Some((end, false)),
                Some(b'\t') => return None,
                Some(b':') if self.is_blank_or_end(end + 1) => return None,
                Some(b'#') if self.text[end - 1] == b' ' => return Some((end, true)),
                Some(_) => end += 1,
            }
        }
    }

    /// Quoted text; gives it if it is on one line and needs no work.
    fn quoted(&mut self, at: usize, quote: u8) -> Option<Option<&'t [u8]>> {
        let mut is_simple = true;
        let mut end = at + 1;
        loop {
            end += self.text[end..]
                .iter()
                .take_while(|byte| **byte != quote && !matches!(byte, b'\\' | b'\n'))
                .count();
            match self.byte(end)? {
                b'\n' => {
                    is_simple = false;
                    end += 1;
                    if self.is_document_indicator(end) {
                        return None;
                    }
                }
                b'\\' if quote == b'"' => {
                    is_simple = false;
                    match self.byte(end + 1)? {
                        b'0' | b'a' | b'b' | b't' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"'
                        | b'\'' | b'\\' | b'N' | b'_' | b'L' | b'P' => end += 2,
                        // The line break is seen next.
                        b'\n' => end += 1,
                        _ => return None,
                    }
                }
                b'\\' => end += 1,
                _ if quote == b'\'' && self.byte(end + 1) == Some(b'\'') => {
                    is_simple = false;
                    end += 2;
                }
                _ => break,
            }
        }
        self.end_line(end + 1)?;
        Some(is_simple.then(|| &self.text[at + 1..end]))
    }

    /// Nothing but a comment may follow on the line.
    fn end_line(&mut self, at: usize) -> Option<()> {
        let next = self.skip_spaces(at);
        match self.byte(next) {
            None | Some(b'\n') => {}
            Some(b'#') if next > at => {}
            Some(_) => return None,
        }
        self.at = self.next_line(next);
        Some(())
    }

    /// A literal or folded text block.
    fn text_block(&mut self, at: usize) -> Option<()> {
        let mut after = at + 1;
        if let Some(b'-' | b'+') = self.byte(after) {
            after += 1;
        }
        self.end_line(after)?;
        let least = self.blocks.last()?.indent + 1;
        // The first line that is not empty sets the indentation; empty ones before it may not be deeper.
        let mut deepest = 0;
        let indent = loop {
            let start = self.skip_spaces(self.at);
            let column = start - self.at;
            match self.byte(start) {
                None => {
                    self.at = start;
                    return Some(());
                }
                Some(b'\n') => {
                    deepest = deepest.max(column);
                    self.at = start + 1;
                }
                Some(b'\t') => return None,
                Some(_) if column < least => return (deepest < least).then_some(()),
                Some(_) if deepest > column => return None,
                Some(_) => break column,
            }
        };
        loop {
            self.at = self.next_line(self.at);
            // Empty lines belong to the text; the first line that is less deep ends it.
            let limit = (self.at + indent).min(self.text.len());
            let mut start = self.at;
            while start < limit && self.text[start] == b' ' {
                start += 1;
            }
            if start < self.at + indent {
                match self.byte(start) {
                    None | Some(b'\n') => {}
                    Some(b'\t') => return None,
                    Some(_) => return Some(()),
                }
            }
            if self.at >= self.text.len() {
                return Some(());
            }
        }
    }

    /// A flow collection on one line, JSON above all; gives its end.
    fn flow(&mut self, at: usize) -> Option<usize> {
        // One bit for each open collection, set for mappings.
        let mut open = 0_u64;
        let mut depth = 0;
        let mut at = at;
        // A value may start here; the end of a collection may stand here.
        let (mut may_start, mut may_end, mut is_key) = (true, false, false);
        loop {
            at = self.skip_spaces(at);
            match self.byte(at)? {
                byte @ (b'[' | b'{') => {
                    if !may_start || is_key || depth == 60 {
                        return None;
                    }
                    open = open << 1 | u64::from(byte == b'{');
                    depth += 1;
                    (may_end, is_key) = (true, byte == b'{');
                    at += 1;
                }
                byte @ (b']' | b'}') => {
                    if !may_end || (byte == b'}') != (open & 1 == 1) {
                        return None;
                    }
                    open >>= 1;
                    depth -= 1;
                    at += 1;
                    if depth == 0 {
                        self.end_line(at)?;
                        return Some(at);
                    }
                    (may_start, may_end, is_key) = (false, true, false);
                }
                b',' => {
                    if may_start || !may_end {
                        return None;
                    }
                    (may_start, is_key) = (true, open & 1 == 1);
                    at += 1;
                }
                _ if !may_start => return None,
                _ => {
                    at = self.flow_scalar(at, is_key)?;
                    (may_start, may_end) = (is_key, !is_key);
                    is_key = false;
                }
            }
        }
    }

    /// A scalar in a flow collection; a key with its colon.
    fn flow_scalar(&self, at: usize, is_key: bool) -> Option<usize> {
        let first = self.byte(at)?;
        let mut end = at;
        let is_quoted = matches!(first, b'"' | b'\'');
        if is_quoted {
            end += 1;
            loop {
                match self.byte(end)? {
                    byte if byte == first => break,
                    b'\n' => return None,
                    b'\\' if first == b'"' => end = self.escape(end)?,
                    _ => end += 1,
                }
            }
            end += 1;
            // Two single quotes are one in the text, and end nothing.
            if self.byte(end) == Some(first) {
                return None;
            }
        } else {
            // Characters that can start nothing else and need no second look.
            if !(first.is_ascii_alphanumeric()
                || matches!(first, b'_' | b'/' | b'.' | b'$' | b'(' | b'<' | b'=' | b'+')
                || first == b'-' && self.byte(at + 1)?.is_ascii_digit())
            {
                return None;
            }
            loop {
                match self.byte(end)? {
                    b',' | b']' | b'}' => break,
                    b':' if self.byte(end + 1) == Some(b' ') => break,
                    b':' => match self.byte(end + 1)? {
                        byte if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') => {
                            end += 1
                        }
                        _ => return None,
                    },
                    b'\n' | b'\t' | b'#' | b'?' | b'[' | b'{' => return None,
                    _ => end += 1,
                }
            }
            let text = self.text[at..end].trim_ascii_end();
            if is_key {
                check_plain_key(text)?;
            } else if matches!(resolve(text), Resolved::Float(number) if !number.is_finite()) {
                return None;
            }
        }
        if !is_key {
            return Some(end);
        }
        // Behind quotes a colon is one whatever follows; in plain text it needs a space.
        let is_key = self.byte(end) == Some(b':')
            && (is_quoted || self.byte(end + 1) == Some(b' '))
            && end - at < MAX_KEY;
        is_key.then_some(end + 1)
    }

    /// Behind the escape at `at`, of those that JSON has.
    fn escape(&self, at: usize) -> Option<usize> {
        match self.byte(at + 1)? {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
            b'u' => {
                let digits = self.text.get(at + 2..at + 6)?;
                let is_surrogate =
                    matches!(digits, [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
                (digits.iter().all(u8::is_ascii_hexdigit) && !is_surrogate).then_some(at + 6)
            }
            _ => None,
        }
    }
}

/// Refuses keys that merge, and those that JSON does not have: null and numbers beyond `int64`.
fn check_plain_key(key: &[u8]) -> Option<()> {
    match key.first()? {
        b'~' | b'n' | b'N' if key.len() <= 4 => (resolve(key) != Resolved::Null).then_some(()),
        b'0'..=b'9' | b'+' | b'-' if key.len() >= 18 => {
            (!matches!(resolve(key), Resolved::Uint(_))).then_some(())
        }
        b'<' => (key != b"<<").then_some(()),
        _ => Some(()),
    }
}
