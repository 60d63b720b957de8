//! `semver`, `semverCompare`, and the version as a value with its methods.
//!
//! *Source*: sprig 3.3.0 `semver.go`; Masterminds/semver 3.5.0 `version.go`.

use std::any::Any;
use std::rc::Rc;

use gotemplate::{Call, Failure};
use value::{Kind, Method, Object, Text, Type, Value};

use crate::semver::{Constraint, SemverError, Version, check_metadata, check_pre};
use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("semver");
    table.pure("semver", semver);
    table.pure("semverCompare", semver_compare);
}

fn failure(error: &SemverError) -> Failure {
    Failure::error(error.to_string())
}

fn semver(_: &mut Call<'_>, text: Text) -> Result<Value, Failure> {
    let version = Version::parse(&text.to_string_lossy()).map_err(|error| failure(&error))?;
    Ok(Rc::new(VersionValue { version, pointer: true }).into())
}

fn semver_compare(call: &mut Call<'_>, constraint: Text, version: Text) -> Result<bool, Failure> {
    call.charge_text(constraint.len() as u128 * 8)?;
    let constraint = Constraint::parse(constraint.as_bytes()).map_err(|error| failure(&error))?;
    let version = Version::parse(&version.to_string_lossy()).map_err(|error| failure(&error))?;
    Ok(constraint.check(&version))
}

/// A `*semver.Version`, or what `IncMajor` gives: a `semver.Version`, which lacks the methods of the pointer.
#[derive(Clone, Debug)]
struct VersionValue {
    version: Version,
    pointer: bool,
}

const POINTER: &str = "*semver.Version";

impl VersionValue {
    /// A method without parameters.
    fn give(&self, give: impl Fn(&Version) -> Value + 'static) -> Option<Method> {
        let version = self.version.clone();
        Some(Method { params: &[], call: Rc::new(move |_| Ok(give(&version))) })
    }

    /// A method of the pointer that takes another version.
    fn against(
        &self,
        give: impl Fn(std::cmp::Ordering, &Version, &Version) -> Value + 'static,
    ) -> Option<Method> {
        if !self.pointer {
            return None;
        }
        let version = self.version.clone();
        let call = move |arguments: &[Value]| {
            let other = arguments.first().and_then(Value::as_object::<Self>);
            match other {
                Some(other) => Ok(give(version.compare(&other.version), &version, &other.version)),
                None => Err("runtime error: invalid memory address or nil pointer dereference".into()),
            }
        };
        Some(Method { params: &[Type::Named(POINTER)], call: Rc::new(call) })
    }

    /// A method that gives the next version; the number at `part` grows, all behind it is 0.
    fn next(&self, part: usize, name: &'static str) -> Option<Method> {
        let version = self.version.clone();
        let call = move |_: &[Value]| {
            let mut next = version.clone();
            (next.pre, next.metadata) = (String::new(), String::new());
            let grow = |number: u64| {
                number
                    .checked_add(1)
                    .ok_or_else(|| Text::from(format!("{name} version increment would overflow uint64")))
            };
            match part {
                0 => (next.major, next.minor, next.patch) = (grow(version.major)?, 0, 0),
                1 => (next.minor, next.patch) = (grow(version.minor)?, 0),
                // A pre-release comes before its own release.
                _ if version.pre.is_empty() => next.patch = grow(version.patch)?,
                _ => {}
            }
            next.original = with_prefix_of(&version, &next);
            Ok(Rc::new(Self { version: next, pointer: false }).into())
        };
        Some(Method { params: &[], call: Rc::new(call) })
    }
}

impl VersionValue {
    /// A method that gives the version with another tail; an empty one takes the tail away.
    fn tailed(
        &self,
        check: fn(&str) -> Result<(), SemverError>,
        put: fn(&mut Version, String),
    ) -> Option<Method> {
        let version = self.version.clone();
        let call = move |arguments: &[Value]| {
            let tail =
                arguments.first().and_then(Value::as_text).map(Text::to_string_lossy).unwrap_or_default();
            if !tail.is_empty() {
                check(&tail).map_err(|error| Text::from(error.to_string()))?;
            }
            let mut next = version.clone();
            put(&mut next, tail.into_owned());
            next.original = with_prefix_of(&version, &next);
            Ok(Rc::new(Self { version: next, pointer: false }).into())
        };
        Some(Method { params: &[Type::Str], call: Rc::new(call) })
    }
}

/// The text of `next` with the `v` that the version it was made from began with.
fn with_prefix_of(version: &Version, next: &Version) -> String {
    let prefix = if version.original.starts_with('v') { "v" } else { "" };
    format!("{prefix}{next}")
}

impl Object for VersionValue {
    fn type_name(&self) -> &'static str {
        if self.pointer { POINTER } else { "semver.Version" }
    }

    fn kind(&self) -> Kind {
        if self.pointer { Kind::Ptr } else { Kind::Struct }
    }

    fn display(&self) -> Option<Text> {
        Some(self.version.to_string().into())
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let Version { major, minor, patch, pre, metadata, original } = self.version.clone();
        vec![
            ("major", Value::Uint64(major)),
            ("minor", Value::Uint64(minor)),
            ("patch", Value::Uint64(patch)),
            ("pre", pre.into()),
            ("metadata", metadata.into()),
            ("original", original.into()),
        ]
    }

    /// No field of it is exported.
    fn reflected_copy(&self) -> Option<Value> {
        Some(Rc::new(Self { version: Version::default(), pointer: self.pointer }).into())
    }

    fn method(&self, name: &str) -> Option<Method> {
        match name {
            "Major" => self.give(|version| Value::Uint64(version.major)),
            "Minor" => self.give(|version| Value::Uint64(version.minor)),
            "Patch" => self.give(|version| Value::Uint64(version.patch)),
            "Prerelease" => self.give(|version| version.pre.clone().into()),
            "Metadata" => self.give(|version| version.metadata.clone().into()),
            "String" | "Value" => self.give(|version| version.to_string().into()),
            "Original" if self.pointer => self.give(|version| version.original.clone().into()),
            "IncMajor" => self.next(0, "major"),
            "IncMinor" => self.next(1, "minor"),
            "IncPatch" => self.next(2, "patch"),
            "SetMetadata" => self.tailed(check_metadata, |version, tail| version.metadata = tail),
            "SetPrerelease" => self.tailed(check_pre, |version, tail| version.pre = tail),
            "Compare" => self.against(|order, _, _| Value::Int(order as i64)),
            "Equal" => self.against(|order, _, _| Value::Bool(order.is_eq())),
            "LessThan" => self.against(|order, _, _| Value::Bool(order.is_lt())),
            "LessThanEqual" => self.against(|order, _, _| Value::Bool(order.is_le())),
            "GreaterThan" => self.against(|order, _, _| Value::Bool(order.is_gt())),
            "GreaterThanEqual" => self.against(|order, _, _| Value::Bool(order.is_ge())),
            _ => None,
        }
    }

    fn json(&self) -> Option<Value> {
        Some(self.version.to_string().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: Option<&Self> = other.as_any().downcast_ref();
        other.is_some_and(|other| self.pointer == other.pointer && self.version == other.version)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
