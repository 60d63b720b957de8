//! A tag inside an object, and another object's members beside one's own: `{"seq": 1, "type": "log", "lines": []}`.
//!
//! serde's own way (`flatten`, `tag`) reads such objects through a second deserializer, so that every type below them is
//! compiled twice: in the page that was a tenth of its size. Here the tag moves outside, `{"log": {"lines": []}}`, and
//! the types are read as all others are.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Event, EventBody, LookupOutcome, LookupResult, ReleaseSummary};

/// Reads JSON by way of [`Value`], as the types of this module are read: a page that reads everything so carries one
/// reader of each type.
///
/// # Errors
/// serde's: not JSON, or not the JSON of a `T`.
pub fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str::<Value>(text).and_then(T::deserialize)
}

/// The member `name` of an object that is being read.
fn take<T: DeserializeOwned, E: serde::de::Error>(map: &mut Map<String, Value>, name: &str) -> Result<T, E> {
    let value = map.remove(name).ok_or_else(|| E::custom(format_args!("missing field `{name}`")))?;
    T::deserialize(value).map_err(E::custom)
}

/// The variant that `tag` names, of the members that are left.
fn variant<T: DeserializeOwned, E: serde::de::Error>(mut map: Map<String, Value>, tag: &str) -> Result<T, E> {
    let name: String = take(&mut map, tag)?;
    let unit = T::deserialize(Value::String(name.clone()));
    // A variant without members is its name alone.
    if map.is_empty() && unit.is_ok() {
        return unit.map_err(E::custom);
    }
    T::deserialize(Value::Object(Map::from_iter([(name, Value::Object(map))]))).map_err(E::custom)
}

/// The members of a variant with its tag among them.
fn members<T: Serialize, E: serde::ser::Error>(body: &T, tag: &str) -> Result<Map<String, Value>, E> {
    let (name, mut map) = match serde_json::to_value(body).map_err(E::custom)? {
        Value::String(name) => (name, Map::new()),
        Value::Object(outer) => match outer.into_iter().next() {
            Some((name, Value::Object(map))) => (name, map),
            _ => return Err(E::custom("a variant without members")),
        },
        _ => return Err(E::custom("a variant without a name")),
    };
    map.insert(tag.to_owned(), Value::String(name));
    Ok(map)
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = members(&self.body, "type")?;
        map.insert("seq".to_owned(), self.seq.into());
        map.insert("t".to_owned(), self.t.clone().into());
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Map::deserialize(deserializer)?;
        let (seq, t) = (take(&mut map, "seq")?, take(&mut map, "t")?);
        Ok(Self { seq, t, body: variant::<EventBody, _>(map, "type")? })
    }
}

impl Serialize for LookupResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = members(&self.outcome, "outcome")?;
        map.insert("item".to_owned(), serde_json::to_value(&self.item).map_err(S::Error::custom)?);
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LookupResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Map::deserialize(deserializer)?;
        let item = take(&mut map, "item")?;
        Ok(Self { item, outcome: variant::<LookupOutcome, _>(map, "outcome")? })
    }
}

impl Serialize for ReleaseSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(mut map) = serde_json::to_value(&self.last).map_err(S::Error::custom)? else {
            return Err(S::Error::custom("a revision is an object"));
        };
        map.insert("namespace".to_owned(), self.namespace.clone().into());
        map.insert("name".to_owned(), self.name.clone().into());
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ReleaseSummary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Map::deserialize(deserializer)?;
        let (namespace, name) = (take(&mut map, "namespace")?, take(&mut map, "name")?);
        let last = Deserialize::deserialize(Value::Object(map)).map_err(D::Error::custom)?;
        Ok(Self { namespace, name, last })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{LookupItem, RevisionSummary, Status};

    #[track_caller]
    fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, json: Value) {
        assert_eq!(serde_json::to_value(value).expect("written"), json);
        assert_eq!(&serde_json::from_value::<T>(json).expect("read"), value);
    }

    #[test]
    fn the_tag_and_the_members_stand_beside_each_other() {
        let body = EventBody::Record { revision: 7, status: Status::Deployed, bytes: 10 };
        check(
            &Event { seq: 3, t: "now".to_owned(), body },
            json!({"seq": 3, "t": "now", "type": "record.state", "revision": 7, "status": "deployed", "bytes": 10}),
        );
        let item = LookupItem {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            namespace: "shop".to_owned(),
            name: "db".to_owned(),
            approved: false,
        };
        let item_json = json!({"apiVersion": "v1", "kind": "Secret", "namespace": "shop", "name": "db", "approved": false});
        check(
            &LookupResult { item: item.clone(), outcome: LookupOutcome::ConsentNeeded },
            json!({"item": item_json, "outcome": "consent-needed"}),
        );
        check(
            &LookupResult { item, outcome: LookupOutcome::Denied { reason: "no".to_owned() } },
            json!({"item": item_json, "outcome": "denied", "reason": "no"}),
        );
    }

    #[test]
    fn a_release_is_its_last_revision_with_a_name() {
        let last = RevisionSummary { revision: 2, status: Status::Failed, ..RevisionSummary::default() };
        let release = ReleaseSummary { namespace: "shop".to_owned(), name: "web".to_owned(), last };
        let json = serde_json::to_value(&release).expect("written");
        assert_eq!(
            (&json["name"], &json["revision"], &json["status"]),
            (&json!("web"), &json!(2), &json!("failed"))
        );
        assert_eq!(serde_json::from_value::<ReleaseSummary>(json).expect("read"), release);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = serde_json::from_value::<Event>(json!({"seq": 1, "type": "log"})).expect_err("no time");
        assert_eq!(error.to_string(), "missing field `t`");
    }
}
