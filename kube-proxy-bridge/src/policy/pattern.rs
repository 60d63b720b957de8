//! Patterns of names and kinds, as the command line takes them.

use std::fmt;

/// A name, or its start followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    text: String,
    is_prefix: bool,
}

impl NamePattern {
    /// Reads `shop`, `team-*` or `*`.
    ///
    /// # Errors
    /// A sentence with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (start, is_prefix) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !start.bytes().all(plain) || (start.is_empty() && !is_prefix) {
            return Err(format!("{text} is neither a namespace nor the start of one with `*`"));
        }
        Ok(Self { text: start.to_owned(), is_prefix })
    }

    /// Names that start like this.
    pub(super) fn starting(text: &str) -> Self {
        Self { text: text.to_owned(), is_prefix: true }
    }

    /// Whether `name` is one of those.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        if self.is_prefix { name.starts_with(&self.text) } else { name == self.text }
    }

    /// Whether it is exactly this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        !self.is_prefix && name == self.text
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text, if self.is_prefix { "*" } else { "" })
    }
}

/// `Kind` of any group, `group/Kind`, `core/Kind`, `group/*`. Versions make no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindPattern {
    /// `None`: any.
    group: Option<String>,
    /// `None`: any.
    kind: Option<String>,
}

impl KindPattern {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence with the text; a word in lower case is meant to be a rule that does not exist.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (group, kind) = match text.split_once('/') {
            Some((group, kind)) => (Some(if group == "core" { "" } else { group }), kind),
            None => (None, text),
        };
        let any = kind == "*" && group.is_some();
        let is_kind = kind.starts_with(|first: char| first.is_ascii_uppercase())
            && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_group = group.is_none_or(|group| {
            group
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        });
        if !(any || is_kind) || !is_group {
            return Err(format!(
                "{text} is neither a kind (Kind, group/Kind, group/*) nor the name of a rule"
            ));
        }
        Ok(Self { group: group.map(str::to_owned), kind: (!any).then(|| kind.to_owned()) })
    }

    /// This kind alone.
    pub(super) fn exactly(group: &str, kind: &str) -> Self {
        Self { group: Some(group.to_owned()), kind: Some(kind.to_owned()) }
    }

    /// Whether a kind of `group` (empty: core) is one of those.
    #[must_use]
    pub fn matches(&self, group: &str, kind: &str) -> bool {
        self.group.as_deref().is_none_or(|own| own == group)
            && self.kind.as_deref().is_none_or(|own| own == kind)
    }
}

impl fmt::Display for KindPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(group) = &self.group {
            write!(f, "{}/", if group.is_empty() { "core" } else { group })?;
        }
        f.write_str(self.kind.as_deref().unwrap_or("*"))
    }
}
