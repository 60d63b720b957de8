//! Digests that Helm wrote, and tables that it printed.

use super::*;

fn wanted(version: &str, repository: &str) -> Dependency {
    Dependency {
        name: "sub".to_owned(),
        version: version.to_owned(),
        repository: repository.to_owned(),
        ..Dependency::default()
    }
}

#[test]
fn bare_names_get_a_note() {
    assert!(!no_repositories(&["@a", "alias:b"]).message().contains("Note"));
    assert!(no_repositories(&["@a", "stable"]).message().ends_with("('helm repo add')."));
}

#[test]
fn an_unmatched_dependency_is_quoted() {
    let line = unmatched(&wanted(">1", "file://../d"));
    assert_eq!(line, "\"sub\" (repository \"file://../d\", version \">1\")");
    assert!(no_versions(&[line.clone(), line]).message().starts_with("can't get a valid version for 2"));
}

#[test]
fn cells_are_padded_and_cut() {
    let rows = [["NAME", "VERSION", "REPOSITORY", "STATUS"], ["abcdefghijkl", "1", "", "ok"]];
    assert_eq!(
        table(&rows, 10),
        "NAME      \tVERSION\tREPOSITORY\tSTATUS\nabcdefg...\t1      \t          \tok    "
    );
    assert!(table(&rows, 2).ends_with("a...\t1 \t  \tok"));
}
