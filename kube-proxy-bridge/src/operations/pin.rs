//! The chart of a plan, held on to: what was reviewed is what is applied, and both the plan and the audit log say which it was.

use sha2::{Digest as _, Sha256};
use wire::{Apply, ChartRecord, Code, PlannedChart, Problem};

/// Which chart this is: name, version, and the digest of its archive. A chart without an archive, such as one that was just
/// written in the page, has the digest of what the record keeps of it, behind `contents:`.
pub(super) fn pin(chart: &ChartRecord) -> PlannedChart {
    let text =
        |name: &str| chart.metadata.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let digest = match &chart.archive_sha256 {
        Some(archive) => archive.to_ascii_lowercase(),
        None => format!("contents:{}", hex(&json(chart))),
    };
    PlannedChart { name: text("name"), version: text("version"), digest }
}

/// A hash of everything of an apply that the record keeps besides documents: chart, values, notes.
pub(super) fn contents(apply: &Apply) -> String {
    hex(&json(&(&apply.chart, &apply.config, &apply.notes)))
}

/// Refuses a digest that is none: it goes into the audit log and onto the record.
///
/// # Errors
/// `invalid-request`
pub(super) fn refuse_odd_digest(chart: &ChartRecord) -> Result<(), Problem> {
    match &chart.archive_sha256 {
        Some(text) if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Err(Problem::new(Code::InvalidRequest, "`archiveSha256` is no SHA-256 in hexadecimal"))
        }
        _ => Ok(()),
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    // Maps and plain data of ours always are JSON.
    serde_json::to_vec(value).unwrap_or_default()
}

/// SHA-256 in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chart(change: impl FnOnce(&mut ChartRecord)) -> ChartRecord {
        let mut chart = ChartRecord::default();
        chart.metadata.insert("name".to_owned(), json!("web"));
        chart.metadata.insert("version".to_owned(), json!("1.2.3"));
        change(&mut chart);
        chart
    }

    #[test]
    fn a_chart_is_known_by_its_archive_or_else_by_its_contents() {
        let archive = pin(&chart(|chart| chart.archive_sha256 = Some("AB".repeat(32))));
        assert_eq!((archive.name.as_str(), archive.version.as_str()), ("web", "1.2.3"));
        assert_eq!(archive.digest, "ab".repeat(32));
        let one = pin(&chart(|_| {}));
        let other = pin(&chart(|chart| {
            chart.values.insert("a".to_owned(), json!(1));
        }));
        assert!(one.digest.starts_with("contents:") && one.digest.len() == 73, "{}", one.digest);
        assert_ne!(one, other);
        assert_eq!(one, pin(&chart(|_| {})));
    }

    #[test]
    fn a_digest_is_a_digest() {
        for (digest, taken) in [("ab".repeat(32), true), ("ab".to_owned(), false), ("g".repeat(64), false)] {
            assert_eq!(refuse_odd_digest(&chart(|chart| chart.archive_sha256 = Some(digest))).is_ok(), taken);
        }
        assert!(refuse_odd_digest(&chart(|_| {})).is_ok());
    }
}
