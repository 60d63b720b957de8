//! The kept state of one tab, versioned: what was open and how, without the bytes of its files.

use serde::{Deserialize, Serialize};

use crate::state::{Environment, Environments, FileList};

/// The version that this page writes.
const VERSION: u32 = 1;

/// One tab's work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    /// Milliseconds since 1970: the newest one is adopted by a new tab.
    pub saved_at: f64,
    environments: Vec<KeptEnvironment>,
    chosen: usize,
    /// Tabs of the editor.
    pub open: Vec<String>,
    /// The file in the editor.
    pub active: Option<String>,
    /// Where the chart came from.
    pub example: Option<String>,
}

/// The twin of [`Environment`]: the state's own types may change, what was written may not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptEnvironment {
    name: String,
    values_files: Vec<String>,
    release_name: String,
    namespace: String,
    #[serde(default)]
    kube_version: String,
}

/// Why a record cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// It is no record.
    Damaged(String),
    /// A newer page wrote it.
    Newer(u32),
}

impl Record {
    /// What a page looks like now.
    pub fn new(saved_at: f64, files: &FileList, environments: &Environments) -> Self {
        Record {
            version: VERSION,
            saved_at,
            environments: environments.list().iter().map(kept).collect(),
            chosen: environments.chosen_index(),
            open: files.open.clone(),
            active: files.active.clone(),
            example: files.example.clone(),
        }
    }

    /// As they were left.
    pub fn environments(&self) -> Environments {
        Environments::restored(self.environments.iter().map(restored).collect(), self.chosen)
    }

    /// The names it holds, for [`crate::state::Action::Restored`].
    pub fn file_list(&self) -> FileList {
        FileList {
            open: self.open.clone(),
            active: self.active.clone(),
            selected: self.active.clone(),
            example: self.example.clone(),
            ..FileList::default()
        }
    }

    /// As text for the store.
    pub fn to_json(&self) -> String {
        // A record holds strings and numbers only, which JSON can always write.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what any earlier version wrote.
    ///
    /// # Errors
    /// [`RecordError::Newer`] for a version that this page does not know, [`RecordError::Damaged`] otherwise.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let damaged = |error: serde_json::Error| RecordError::Damaged(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(damaged)?;
        match head.version {
            VERSION => serde_json::from_str(text).map_err(damaged),
            0 => Err(RecordError::Damaged("version 0 was never written".to_owned())),
            newer => Err(RecordError::Newer(newer)),
        }
    }
}

fn kept(environment: &Environment) -> KeptEnvironment {
    let Environment { name, values_files, release_name, namespace, kube_version } = environment.clone();
    KeptEnvironment { name, values_files, release_name, namespace, kube_version }
}

fn restored(kept: &KeptEnvironment) -> Environment {
    let KeptEnvironment { name, values_files, release_name, namespace, kube_version } = kept.clone();
    Environment { name, values_files, release_name, namespace, kube_version }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What version 1 wrote on its first day. This text must load for ever.
    const VERSION_1: &str = r#"{"version":1,"saved_at":1790000000000.0,"environments":[{"name":"dev",
        "values_files":["values-dev.yaml"],"release_name":"shop","namespace":"default"}],"chosen":0,
        "open":["values.yaml"],"active":"values.yaml","example":"flask-app"}"#;

    #[test]
    fn a_record_of_version_1_loads() {
        let record = Record::from_json(VERSION_1).unwrap();
        assert_eq!(record.environments().names(), ["dev"]);
        assert_eq!(record.environments().chosen().kube_version, "");
        assert_eq!(record.file_list().active.as_deref(), Some("values.yaml"));
    }

    #[test]
    fn what_is_written_is_read() {
        let record = Record::from_json(VERSION_1).unwrap();
        assert_eq!(Record::from_json(&record.to_json()).unwrap(), record);
    }

    #[test]
    fn a_newer_record_is_left_alone() {
        let newer = VERSION_1.replacen("\"version\":1", "\"version\":7", 1);
        assert_eq!(Record::from_json(&newer), Err(RecordError::Newer(7)));
    }

    #[test]
    fn what_is_no_record_is_said_to_be_damaged() {
        assert!(matches!(Record::from_json(""), Err(RecordError::Damaged(_))));
        assert!(matches!(Record::from_json(r#"{"version":1}"#), Err(RecordError::Damaged(_))));
    }
}
