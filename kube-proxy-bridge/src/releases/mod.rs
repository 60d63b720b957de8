//! Helm's release records, in Secrets: found, read within limits, written as Helm writes them.
//!
//! A [`Store`] is one caller's view of one namespace. Creating revision N+1 is the lock: whoever creates it works, Helm
//! and bridge alike. A record that cannot be read is an entry with a reason and never an error of the whole list.
//!
//! What a Secret says of itself counts, its namespace and its name; what the record inside says is compared with it.
//!
//! *Source*: helm v4.3.1 `pkg/storage/storage.go`, `pkg/storage/driver/secrets.go`, `pkg/action/upgrade.go`.

mod chart;
mod feed;
mod head;
mod history;
mod interrupted;
mod labels;
mod list;
pub mod lock;
mod revision;
pub mod show;
mod store;
pub mod values;

pub use chart::{chart_to_record, record_size};
pub use feed::Feeds;
pub use head::{Head, Writer};
pub use history::{Entry, History};
pub use interrupted::interrupted;
pub use labels::merge_labels;
pub use list::{Filter, list, newest_heads};
pub use revision::{Body, Revision, summary};
pub use store::{Store, Written, refuse_too_large};

/// The annotations that the bridge puts on its records. Helm's writes drop them, and that is how one sees that Helm took over.
pub mod annotation {
    /// SHA-256 of the chart's archive.
    pub const ARCHIVE: &str = "chartroom/archive";
    /// What was decided about fields of other managers, as JSON.
    pub const FIELD_POLICY: &str = "chartroom/field-policy";
    /// When the bridge last said that it is at work (RFC 3339).
    pub const HEARTBEAT: &str = "chartroom/heartbeat";
    /// The event whose hooks began last, and when.
    pub const HOOKS: &str = "chartroom/hooks";
    /// Which bridge.
    pub const INSTANCE: &str = "chartroom/instance";
    /// How far each object is: `index:state`.
    pub const JOURNAL: &str = "chartroom/journal";
    /// The operation.
    pub const OPERATION: &str = "chartroom/op";
    /// How far the operation is.
    pub const PHASE: &str = "chartroom/phase";
}

/// [`annotation::PHASE`] of an operation that a stopping bridge laid down.
pub const INTERRUPTED: &str = "interrupted";

#[cfg(test)]
mod tests;
