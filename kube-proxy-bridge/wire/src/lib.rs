//! Every type that crosses between the page and the bridge: plain data, serde, nothing else.
//!
//! Fields are added and never change their meaning; a client ignores fields it does not know.

use serde::{Deserialize, Serialize};

/// The version of these types. It grows when an old client could misunderstand a new bridge.
pub const API_VERSION: u32 = 1;

/// The answer to `GET /v1/session`: who serves this page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The bridge's [`API_VERSION`].
    pub api_version: u32,
    /// The bridge's own version, for people.
    pub bridge_version: String,
}
