//! What is secret is hidden before it leaves the bridge: `‹hidden 3f9a1c2e›`.
//!
//! The tag is an HMAC of the value under a key that lives as long as the process. Equal values look equal; nothing is told
//! about length or content, and tags of two runs cannot be compared. Keys and names stay visible.
//!
//! Two ways to know a secret: where it stands (a Secret's data, an environment variable called `DB_PASSWORD`), and that it
//! was seen in a Secret ([`Redactor::known`]): such a value is hidden wherever it turns up, plain or in base64.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;
use wire::{EventBody, FieldChange, FieldConflict, ObjectRef, Problem};

use crate::fieldpath::{Path, Step};
use crate::kube::{Part, SecretFields};
use crate::metrics::Hits;
use crate::object::Object;
use crate::plain::plain;

/// Shorter values are hidden where they stand, but not looked for: half the text would match.
const SHORTEST: usize = 8;
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Parts of names, lower case without `-` and `_`, whose values are secret.
const SECRET_NAMES: [&str; 9] = [
    "pass",
    "secret",
    "token",
    "apikey",
    "credential",
    "privatekey",
    "dsn",
    "connstring",
    "connectionstring",
];

/// Ends of names whose values may be secret numbers, written as above.
const PASSWORDS: [&str; 6] = ["pass", "passcode", "passwd", "password", "passwords", "passphrase"];
/// Ends of names of maps that hold secrets, by names of their own.
const SEVERAL: [&str; 4] = ["credentials", "passwords", "secrets", "tokens"];
/// Names in such maps that tell where a secret is, or how it is kept.
const REFERENCES: [&str; 13] = [
    "annotations",
    "apiversion",
    "audience",
    "create",
    "enabled",
    "key",
    "kind",
    "labels",
    "mode",
    "namespace",
    "optional",
    "path",
    "type",
];

/// The process's key, and where hidden values are counted.
#[derive(Clone)]
pub struct Redactor {
    key: Arc<[u8; 32]>,
    hits: Option<Hits>,
    /// The same for those in problems.
    problems: Option<Hits>,
    fields: Arc<SecretFields>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// A redactor with a key of its own.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key: Arc::new(key), hits: None, problems: None, fields: Arc::default() })
    }

    /// The same, with every value that is hidden counted; those in problems for themselves.
    #[must_use]
    pub fn counted(&self, hits: Hits, problems: Hits) -> Self {
        Self { hits: Some(hits), problems: Some(problems), ..self.clone() }
    }

    /// The same, knowing what custom kinds call secret themselves.
    #[must_use]
    pub fn with_fields(&self, fields: SecretFields) -> Self {
        Self { fields: Arc::new(fields), ..self.clone() }
    }

    /// What stands in a secret's place.
    #[must_use]
    pub fn hide(&self, secret: &[u8]) -> String {
        self.count();
        self.tag(secret)
    }

    fn count(&self) {
        if let Some(hits) = &self.hits {
            hits.one();
        }
    }

    fn tag(&self, secret: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key[..]) else {
            // HMAC takes keys of every length.
            return "‹hidden›".to_owned();
        };
        mac.update(secret);
        let tag = mac.finalize().into_bytes();
        format!("‹hidden {:02x}{:02x}{:02x}{:02x}›", tag[0], tag[1], tag[2], tag[3])
    }

    /// Hides where secrets stand, and the values of the Secrets among `objects` everywhere.
    ///
    /// Cost: a handful of patterns for each value of 8 bytes and more.
    #[must_use]
    pub fn known<'a>(&self, objects: impl IntoIterator<Item = &'a Object>) -> Redaction {
        let mut redaction = Redaction { redactor: self.clone(), patterns: Arc::default(), count: 0 };
        for object in objects {
            for way in self.fields.of(object.api_version(), object.kind()) {
                let mut texts = Vec::new();
                for (name, value) in object.as_map() {
                    if let Some((Part::Field(first), rest)) = way.split_first()
                        && first == name
                    {
                        collect(value, rest, &mut texts);
                    }
                }
                for text in texts {
                    redaction.learn(text.as_bytes());
                }
            }
            if !is_secret(object) {
                continue;
            }
            for (field, is_encoded) in [("/data", true), ("/stringData", false)] {
                let values = object.pointer(field).and_then(Value::as_object);
                for text in values.into_iter().flat_map(Map::values).filter_map(Value::as_str) {
                    let decoded = if is_encoded { STANDARD.decode(text.trim()).ok() } else { None };
                    redaction.learn(decoded.as_deref().unwrap_or(text.as_bytes()));
                }
            }
        }
        redaction
    }
}

/// The texts at the end of a way.
fn collect<'a>(value: &'a Value, way: &[Part], texts: &mut Vec<&'a str>) {
    match (way.split_first(), value) {
        (None, Value::String(text)) => texts.push(text),
        (Some((Part::Field(name), rest)), Value::Object(map)) => {
            if let Some(below) = map.get(name) {
                collect(below, rest, texts);
            }
        }
        (Some((Part::Any, rest)), Value::Object(map)) => {
            map.values().for_each(|below| collect(below, rest, texts))
        }
        (Some((Part::Any, rest)), Value::Array(items)) => {
            items.iter().for_each(|below| collect(below, rest, texts))
        }
        _ => {}
    }
}

/// Whether it is a Secret of Kubernetes' own.
#[must_use]
pub fn is_secret(object: &Object) -> bool {
    object.kind() == "Secret" && object.api_version() == "v1"
}

/// What is known, by its first eight bytes, the longest first; with the tag that replaces it.
type Patterns = HashMap<[u8; SHORTEST], Vec<(Vec<u8>, String)>>;

/// Hides secrets, those it was told of included.
#[derive(Clone, Debug)]
pub struct Redaction {
    redactor: Redactor,
    patterns: Arc<Patterns>,
    count: usize,
}

impl Redaction {
    /// Remembers a secret value in the forms in which it turns up.
    fn learn(&mut self, secret: &[u8]) {
        let trimmed = secret.trim_ascii();
        if trimmed.len() < SHORTEST {
            return;
        }
        let tag = self.redactor.tag(trimmed);
        let mut forms: BTreeSet<Vec<u8>> = BTreeSet::new();
        forms.insert(trimmed.to_vec());
        // As it stands inside a JSON text, and line by line inside indented YAML.
        if let Ok(text) = std::str::from_utf8(trimmed) {
            let quoted = Value::from(text).to_string();
            forms.insert(quoted.as_bytes()[1..quoted.len() - 1].to_vec());
            if text.contains('\n') {
                forms.extend(
                    text.lines()
                        .map(str::trim)
                        .filter(|line| line.len() >= 2 * SHORTEST && !line.starts_with("-----"))
                        .map(|line| line.as_bytes().to_vec()),
                );
            }
        }
        // In base64, alone or inside something else that was encoded: the three ways in which its bytes can lie.
        for value in [secret, trimmed] {
            forms.insert(STANDARD.encode(value).into_bytes());
            for shift in 0..3 {
                let mut shifted = vec![0; shift];
                shifted.extend_from_slice(value);
                // The first characters mix with what stands before, the last with what follows.
                let (skip, whole) = ([0, 2, 3][shift], shifted.len() * 8 / 6);
                for encoded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
                    forms.insert(encoded.as_bytes()[skip..whole].to_vec());
                }
            }
        }
        for form in forms {
            let Some(head) = form.first_chunk::<SHORTEST>().copied() else { continue };
            let patterns = Arc::make_mut(&mut self.patterns).entry(head).or_default();
            if patterns.iter().all(|(known, _)| *known != form) {
                patterns.push((form, tag.clone()));
                patterns.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
                self.count += 1;
            }
        }
    }

    /// Adds what another redaction knows.
    #[expect(clippy::iter_over_hash_type, reason = "each head is its own; the order changes nothing")]
    pub fn merge(&mut self, other: &Self) {
        let all = Arc::make_mut(&mut self.patterns);
        for (head, patterns) in &*other.patterns {
            let known = all.entry(*head).or_default();
            for pattern in patterns {
                if known.iter().all(|(form, _)| *form != pattern.0) {
                    known.push(pattern.clone());
                    self.count += 1;
                }
            }
            known.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        }
    }

    /// The text without known values. Fit for log lines, messages and manifests.
    ///
    /// Cost: one look-up for each byte of the text; nothing when no value is known.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        if self.count == 0 || text.len() < SHORTEST {
            return text.to_owned();
        }
        let bytes = text.as_bytes();
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        let mut at = 0;
        while let Some(found) = self.find(bytes, at) {
            let (start, mut end, mut tag) = found;
            // Values that overlap are hidden as one, so that no rest of the second is shown.
            let mut inside = start + 1;
            while inside < end {
                match self.starting_at(bytes, inside) {
                    Some((form, _)) if inside + form.len() > end => {
                        end = inside + form.len();
                        tag = self.redactor.tag(&bytes[start..end]);
                    }
                    _ => {}
                }
                inside += 1;
            }
            let start = floor(text, start);
            let end = ceil(text, end);
            out.push_str(&text[done..start.max(done)]);
            self.redactor.count();
            out.push_str(&tag);
            (done, at) = (end, end);
        }
        out.push_str(&text[done..]);
        out
    }

    /// The same for text of others that a person reads: nothing in it steers a terminal. That goes first, because an escape in
    /// the middle of a value would hide it from us and not from the reader.
    #[must_use]
    pub fn told(&self, text: &str) -> String {
        self.text(&plain(text))
    }

    fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize, String)> {
        (from..bytes.len().saturating_sub(SHORTEST - 1)).find_map(|at| {
            let (form, tag) = self.starting_at(bytes, at)?;
            Some((at, at + form.len(), tag.clone()))
        })
    }

    fn starting_at(&self, bytes: &[u8], at: usize) -> Option<&(Vec<u8>, String)> {
        let head: &[u8; SHORTEST] = bytes.get(at..)?.first_chunk()?;
        self.patterns.get(head)?.iter().find(|(form, _)| bytes[at..].starts_with(form))
    }

    /// Hides what is secret in an object.
    pub fn object(&self, object: &mut Object) {
        let is_secret = is_secret(object);
        let fields = self.redactor.fields.clone();
        for way in fields.of(object.api_version(), object.kind()) {
            if let Some((Part::Field(name), rest)) = way.split_first()
                && let Some(value) = object.as_map_mut().get_mut(name)
            {
                self.hide_along(rest, value);
            }
        }
        for (name, value) in object.as_map_mut() {
            let context = if is_secret && matches!(name.as_str(), "data" | "stringData") {
                Context::Secret
            } else {
                Context::of(name)
            };
            self.hide_in(context, value);
        }
    }

    /// Hides what is secret in JSON of no known kind: values, chart metadata.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        let mut value = value.clone();
        self.hide_in(Context::Plain, &mut value);
        value
    }

    /// Hides what is secret in the value at a path of an object.
    #[must_use]
    pub fn at(&self, object: &ObjectRef, path: &Path, value: &Value) -> Value {
        let in_secret = object.kind == "Secret" && object.api_version == "v1";
        let context = match path.0.first() {
            Some(Step::Field(name)) if in_secret && matches!(name.as_str(), "data" | "stringData") => {
                Context::Secret
            }
            _ => trail(&path.0),
        };
        let mut value = value.clone();
        for way in self.redactor.fields.of(&object.api_version, &object.kind) {
            if let Some(rest) = rest_of(way, &path.0) {
                self.hide_along(rest, &mut value);
            }
        }
        if in_secret
            && path.0.is_empty()
            && let Some(mut object) = Object::from_value(value.clone())
        {
            self.object(&mut object);
            return object.into_value();
        }
        self.hide_in(context, &mut value);
        value
    }

    /// Hides what is secret in a change of a field.
    pub fn change(&self, object: &ObjectRef, path: &Path, change: &mut FieldChange) {
        for value in [&mut change.old, &mut change.new].into_iter().flatten() {
            *value = self.at(object, path, value);
        }
    }

    /// Hides what is secret in a conflict.
    pub fn conflict(&self, object: &ObjectRef, path: &Path, conflict: &mut FieldConflict) {
        for value in [&mut conflict.live, &mut conflict.chart].into_iter().flatten() {
            *value = self.at(object, path, value);
        }
    }

    /// Hides known values in what a problem says.
    pub fn problem(&self, problem: &mut Problem) {
        // What is known is shared, so this is cheap.
        let hits = self.redactor.problems.clone();
        let counted = Self { redactor: Redactor { hits, ..self.redactor.clone() }, ..self.clone() };
        problem.detail = counted.told(&problem.detail);
        for cause in problem.k8s.iter_mut().flat_map(|error| &mut error.causes) {
            cause.message = counted.told(&cause.message);
        }
        for conflict in &mut problem.conflicts {
            for value in [&mut conflict.live, &mut conflict.chart].into_iter().flatten() {
                counted.hide_in(Context::Plain, value);
            }
        }
    }

    /// Hides known values in what an event says. What stands where a secret stands is hidden by whoever knows the place.
    pub fn event(&self, body: &mut EventBody) {
        match body {
            EventBody::Conflict { conflicts, .. } => {
                for value in conflicts.iter_mut().flat_map(|one| [&mut one.live, &mut one.chart]).flatten() {
                    self.hide_in(Context::Plain, value);
                }
            }
            EventBody::Log { lines, .. } => {
                for line in lines {
                    *line = self.told(line);
                }
            }
            EventBody::Object { problem, .. } => {
                if let Some(problem) = problem {
                    self.problem(problem);
                }
            }
            EventBody::ObjectEvent { message, .. }
            | EventBody::Status { message, .. }
            | EventBody::Warning { message, .. } => *message = self.told(message),
            EventBody::Problem { problem, .. } => self.problem(problem),
            EventBody::Prompt { question, .. } => *question = self.told(question),
            EventBody::Done { .. }
            | EventBody::Draining { .. }
            | EventBody::Hook { .. }
            | EventBody::Orphans { .. }
            | EventBody::PlanSummary { .. }
            | EventBody::Record { .. }
            | EventBody::State { .. } => {}
        }
    }

    /// Hides what stands at the end of a way.
    fn hide_along(&self, way: &[Part], value: &mut Value) {
        match (way.split_first(), value) {
            (None, value) => self.hide_in(Context::Secret, value),
            (Some((Part::Field(name), rest)), Value::Object(map)) => {
                if let Some(below) = map.get_mut(name) {
                    self.hide_along(rest, below);
                }
            }
            (Some((Part::Any, rest)), Value::Object(map)) => {
                map.iter_mut().for_each(|(_, below)| self.hide_along(rest, below));
            }
            (Some((Part::Any, rest)), Value::Array(items)) => {
                items.iter_mut().for_each(|below| self.hide_along(rest, below));
            }
            _ => {}
        }
    }

    /// Depth is bounded by the reader of documents.
    fn hide_in(&self, context: Context, value: &mut Value) {
        match value {
            Value::Null => {}
            Value::Bool(_) if context != Context::Secret => {}
            Value::String(text) if context == Context::Plain => {
                if !text.is_empty() {
                    *text = self.text(text);
                }
            }
            Value::Number(number) if !matches!(context, Context::Password | Context::Secret) => {
                let (text, hidden) = (number.to_string(), self.text(&number.to_string()));
                if hidden != text {
                    *value = hidden.into();
                }
            }
            Value::String(text) => {
                if !text.is_empty() {
                    *value = self.hidden(context, text).into();
                }
            }
            Value::Bool(_) | Value::Number(_) => {
                *value = self.redactor.hide(value.to_string().as_bytes()).into()
            }
            Value::Array(items) => {
                for item in items {
                    self.hide_in(context, item);
                }
            }
            Value::Object(map) => {
                // `{name: DB_PASSWORD, value: …}` of a container's environment.
                let named = map.get("name").and_then(Value::as_str).map(Context::of);
                for (name, value) in map {
                    let below = match named {
                        Some(named) if name == "value" && context != Context::Secret => context.or(named),
                        _ => context.below(name),
                    };
                    self.hide_in(below, value);
                }
            }
        }
    }

    /// Equal secrets look equal: what a Secret holds in base64 has the tag of what it encodes.
    fn hidden(&self, context: Context, text: &str) -> String {
        let decoded = if context == Context::Secret { STANDARD.decode(text.trim()).ok() } else { None };
        self.redactor.hide(decoded.as_deref().unwrap_or(text.as_bytes()).trim_ascii())
    }
}

/// What an operation has to hide: more and more, as it meets manifests and live Secrets. A cheap clone that learns with
/// all others; nothing is known at first.
#[derive(Clone, Debug, Default)]
pub struct Hidden(Arc<RwLock<Option<Redaction>>>);

impl Hidden {
    /// Hides from now on what `redaction` hides, too.
    pub fn learn(&self, redaction: &Redaction) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match &mut *known {
            Some(known) => known.merge(redaction),
            None => *known = Some(redaction.clone()),
        }
    }

    /// The text without known values.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.with(|redaction| redaction.text(text)).unwrap_or_else(|| text.to_owned())
    }

    /// The same for text of others that a person reads: nothing in it steers a terminal.
    #[must_use]
    pub fn told(&self, text: &str) -> String {
        self.text(&plain(text))
    }

    /// Hides what is secret in a conflict of `object`, whose document is what would be sent.
    pub fn conflict(&self, object: &ObjectRef, document: &Value, conflict: &mut FieldConflict) {
        // A field that the document does not have has no value to show either.
        if let Some(path) = Path::find(&conflict.field, document) {
            self.with(|redaction| redaction.conflict(object, &path, conflict));
        }
    }

    /// Hides known values in what a problem says.
    pub fn problem(&self, problem: &mut Problem) {
        self.with(|redaction| redaction.problem(problem));
    }

    /// Hides known values in what an event says.
    pub fn event(&self, body: &mut EventBody) {
        self.with(|redaction| redaction.event(body));
    }

    fn with<T>(&self, use_it: impl FnOnce(&Redaction) -> T) -> Option<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(use_it)
    }
}

/// What is left of a way behind these steps; `None` when they lead elsewhere. Behind its end everything is secret.
fn rest_of<'a>(way: &'a [Part], steps: &[Step]) -> Option<&'a [Part]> {
    let mut rest = way;
    for step in steps {
        let Some((part, after)) = rest.split_first() else { return Some(&[]) };
        let fits = match (part, step) {
            (Part::Field(name), Step::Field(found)) => name == found,
            (Part::Any, _) => true,
            _ => false,
        };
        if !fits {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

/// What is known of a value from where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    /// Nothing.
    Plain,
    /// Its name says that it is secret: texts are hidden. A map of that name says where the secret is.
    Named,
    /// Its name says that it is one of several secrets, or holds them by names of their own: texts are hidden, those of a
    /// map, too.
    Several,
    /// Its name says that it is a password or a PIN, which may be a number. As [`Context::Several`] for maps.
    Password,
    /// A Secret's data: everything is hidden.
    Secret,
}

impl Context {
    fn of(name: &str) -> Self {
        let plain = bare(name);
        let is_secret = !is_of_reference(&plain) && SECRET_NAMES.iter().any(|part| plain.contains(part));
        if !is_secret {
            return match name {
                LAST_APPLIED => Self::Named,
                name if is_pin(name) => Self::Password,
                _ => Self::Plain,
            };
        }
        if PASSWORDS.iter().any(|word| plain.ends_with(word)) {
            Self::Password
        } else if SEVERAL.iter().any(|word| plain.ends_with(word)) {
            Self::Several
        } else {
            Self::Named
        }
    }

    /// What is known of the value of this name in a map.
    fn below(self, name: &str) -> Self {
        match self {
            Self::Secret => Self::Secret,
            Self::Several | Self::Password if is_reference(name) => Self::Plain,
            Self::Several | Self::Password => Self::Several.or(Self::of(name)),
            Self::Named | Self::Plain => Self::of(name),
        }
    }

    /// What is known by both.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Secret, _) | (_, Self::Secret) => Self::Secret,
            (Self::Password, _) | (_, Self::Password) => Self::Password,
            (Self::Several, _) | (_, Self::Several) => Self::Several,
            (Self::Named, _) | (_, Self::Named) => Self::Named,
            (Self::Plain, Self::Plain) => Self::Plain,
        }
    }
}

/// What the steps to a value say of it, as [`Redaction::hide_in`] sees them on its way down.
fn trail(steps: &[Step]) -> Context {
    let (mut context, mut named) = (Context::Plain, None);
    for step in steps {
        match step {
            Step::Field(name) => {
                context = match named.take() {
                    Some(named) if name == "value" => context.or(named),
                    _ => context.below(name),
                };
            }
            // An item of a list is called as its list.
            Step::Key(key) => named = key.get("name").and_then(Value::as_str).map(Context::of),
            Step::Item(_) | Step::Index(_) => named = None,
        }
    }
    context
}

/// Whether a name, written plainly, is one of a reference: `secretName`, `tokenRef`. Its value is no secret.
fn is_of_reference(plain: &str) -> bool {
    plain.ends_with("name") || plain.ends_with("ref")
}

/// `pin`, `userPin`, `CARD_PIN`; not `spin`.
fn is_pin(name: &str) -> bool {
    ["-pin", "_pin", "_PIN", "Pin"].iter().any(|end| name.ends_with(end)) || name == "pin" || name == "PIN"
}

/// Whether a name in a map of secrets tells of where a secret is, and not the secret.
fn is_reference(name: &str) -> bool {
    let plain = bare(name);
    is_of_reference(&plain) || REFERENCES.contains(&plain.as_str())
}

/// Lower case, without `-` and `_`.
fn bare(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_ascii_lowercase()
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests;
