//! Labels of records: the user's and Helm's own.
//!
//! *Source*: helm v4.3.1 `pkg/storage/driver/{labels,util}.go`, `pkg/action/upgrade.go`, `mergeCustomLabels`.

use std::collections::BTreeMap;

use wire::{Code, Problem};

/// Names that Helm keeps for itself, in its order.
const SYSTEM: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/// The user's labels among these. Helm forgets to take its own out when the next revision inherits them; we do not.
pub(super) fn user(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = labels.iter().filter(|(name, _)| !SYSTEM.contains(&name.as_str()));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The labels of the next revision: those of the last with `changes`, where `None` removes one.
///
/// # Errors
/// `invalid-request` and Helm's sentence when a change names one of Helm's own labels.
pub fn merge_labels(
    last: &BTreeMap<String, String>,
    changes: &BTreeMap<String, Option<String>>,
) -> Result<BTreeMap<String, String>, Problem> {
    if changes.keys().any(|name| SYSTEM.contains(&name.as_str())) {
        return Err(Problem::new(
            Code::InvalidRequest,
            format!(
                "user supplied labels contains system reserved label name. System labels: [{}]",
                SYSTEM.join(" ")
            ),
        ));
    }
    let mut merged = user(last);
    for (name, value) in changes {
        match value {
            Some(value) => merged.insert(name.clone(), value.clone()),
            None => merged.remove(name),
        };
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_inherited_without_helms_own_and_null_removes_one() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let last = map(&[("team", "blue"), ("tier", "web"), ("modifiedAt", "1"), ("owner", "helm")]);
        let changes = [("tier".to_owned(), None), ("new".to_owned(), Some("1".to_owned()))].into();
        assert_eq!(merge_labels(&last, &changes), Ok(map(&[("team", "blue"), ("new", "1")])));
        let problem = merge_labels(&last, &[("status".to_owned(), None)].into()).expect_err("Helm's own");
        assert!(problem.detail.ends_with("System labels: [name owner status version createdAt modifiedAt]"));
    }
}
