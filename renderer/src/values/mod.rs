//! Values: what users give, what charts default to, and how the two become what templates see.
//!
//! [`user_values`] reads files and `--set` arguments; [`process_dependencies`] switches subcharts; [`coalesce`] puts the
//! layers together; [`validate`] checks the result against the schemas of the charts.
//!
//! Source: helm v4.3.1 `pkg/cli/values`, `pkg/strvals`, `pkg/chart/common/util`.

mod coalesce;
mod dependencies;
pub mod origin;
mod schema;
mod set;
mod user;

pub(crate) use coalesce::coalesce_plain;
pub use coalesce::{Nulls, coalesce, deep_copy, merge_layers};
pub use dependencies::{path_value, process_dependencies, table};
pub(crate) use schema::validate_single;
pub use schema::{SchemaCache, validate};
pub use set::ReadFile;
pub use user::{Sets, ValuesFile, check_file_name, user_values};
