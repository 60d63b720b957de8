//! What Go's JSON reader forgives: `null` where a value is expected is the zero value.

use serde::{Deserialize, Deserializer};

/// A value, or its zero for `null`.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A list whose empty and absent forms are written alike; entries that are `null` are left out.
pub(super) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(list_or_null(from)?.unwrap_or_default())
}

/// A list that may be `null`; entries that are `null` are left out.
pub(super) fn list_or_null<'de, D, T>(from: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let items: Option<Vec<Option<T>>> = Option::deserialize(from)?;
    Ok(items.map(|items| items.into_iter().flatten().collect()))
}
