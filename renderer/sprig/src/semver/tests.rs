//! The ranges and versions that the real helm was asked about, and the sentences of the original.

use super::{Constraint, Version};

/// Every range of the table against every version. `Y`: inside; `-`: outside; `ERROR …`: cannot be read.
#[test]
fn agrees_with_the_recorded_matrix() {
    let mut lines = include_str!("table.tsv").lines();
    let versions: Vec<Version> =
        lines.next().unwrap().split('\t').skip(1).map(|text| Version::parse(text).unwrap()).collect();
    let mut compared = 0;
    for line in lines {
        let (range, answers) = line.split_once('\t').unwrap();
        if let Some(error) = answers.strip_prefix("ERROR ") {
            let (_, sentence) = error.rsplit_once("error calling semverCompare: ").unwrap();
            assert_eq!(Constraint::parse(range).unwrap_err().to_string(), sentence, "{range}");
            continue;
        }
        let constraint = Constraint::parse(range).unwrap();
        for (version, answer) in versions.iter().zip(answers.split('\t')) {
            assert_eq!(constraint.check(version), answer == "Y", "{range} against {version}");
            assert_eq!(constraint.validate(version).is_ok(), answer == "Y", "{range} against {version}");
            compared += 1;
        }
    }
    assert!(compared > 800, "{compared}");
}

#[test]
fn reads_loose_versions() {
    for (text, read) in
        [("v1.2", "1.2.0"), ("1", "1.0.0"), ("01.002.3", "1.2.3"), ("1.2.3-a.b+c.d", "1.2.3-a.b+c.d")]
    {
        assert_eq!(Version::parse(text).unwrap().to_string(), read);
    }
    for (text, sentence) in [
        ("", "invalid semantic version"),
        (" 1.2.3", "invalid semantic version"),
        ("V1.2.3", "invalid semantic version"),
        ("1.2.3.4", "invalid semantic version"),
        ("1.2.3-", "invalid semantic version"),
        ("1.2.3-01", "version segment starts with 0"),
        (
            "18446744073709551616.0.0",
            "error parsing version segment: strconv.ParseUint: parsing \"18446744073709551616\": value out of range",
        ),
    ] {
        assert_eq!(Version::parse(text).unwrap_err().to_string(), sentence, "{text}");
    }
    assert_eq!(
        Version::parse(&"1".repeat(257)).unwrap_err().to_string(),
        "version string is too long (max 256 bytes)"
    );
}

#[test]
fn reads_strict_versions() {
    assert_eq!(Version::parse_strict("1.2.3-rc.1+b-7").unwrap().to_string(), "1.2.3-rc.1+b-7");
    for (text, sentence) in [
        ("", "version string empty"),
        ("1.2", "invalid semantic version"),
        ("v1.2.3", "invalid characters in version"),
        ("1.02.3", "version segment starts with 0"),
        ("1.2.3-", "invalid prerelease string"),
        ("1.2.3+", "invalid metadata string"),
        ("1..3", "strconv.ParseUint: parsing \"\": invalid syntax"),
    ] {
        assert_eq!(Version::parse_strict(text).unwrap_err().to_string(), sentence, "{text}");
    }
}

#[test]
fn reads_ranges_as_the_original_does() {
    for range in [">=1.2.3 - 2", "1,", ", 1", "1 ,, 2", "1.2.3>2", "1.2.3.4 - 5", "> = 1", "1-"] {
        assert!(Constraint::parse(range).is_err(), "{range}");
    }
    for range in ["1 - 2", "1 , 2", "1 ,2", ">=1,<2", "~> 1.2", "v1.x", "1\t2", "1||2 - 3"] {
        assert!(Constraint::parse(range).is_ok(), "{range}");
    }
    let invalid = Constraint::parse(">=1.2.3 - 2").unwrap_err();
    assert_eq!(invalid.to_string(), "improper constraint: \">=>= 1.2.3, <= 2 \"");
    assert_eq!(Constraint::parse("1|2").unwrap_err().to_string(), "constraint parser error");
    let groups = vec!["1"; 33].join("||");
    assert_eq!(Constraint::parse(&groups).unwrap_err().to_string(), "too many constraint groups (max 32)");
    assert_eq!(
        Constraint::parse("1".repeat(513)).unwrap_err().to_string(),
        "constraint string is too long (max 512 bytes)"
    );
}

#[test]
fn says_why_a_version_is_outside() {
    let why = |range: &str, version: &str| {
        Constraint::parse(range).unwrap().validate(&Version::parse(version).unwrap()).unwrap_err().join("; ")
    };
    assert_eq!(why(">1.2", "v1.2.9"), "\"1.2.9\" is less than or equal to \"1.2\"");
    assert_eq!(
        why("^0.2.3", "0.3.0"),
        "\"0.3.0\" does not have same minor version as \"0.2.3\". Expected minor versions to match when constraint major version is 0"
    );
    assert_eq!(
        why(">=1 || >=2", "1.0.0-a"),
        "\"1.0.0-a\" is a prerelease version and the constraint is only looking for release versions"
    );
    assert_eq!(
        why("<1 || >3", "2"),
        "\"2.0.0\" is greater than or equal to \"1\"; \"2.0.0\" is less than or equal to \"3\""
    );
}
