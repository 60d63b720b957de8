//! The tables: odd YAML in values files, ranges against versions, and expressions of the `--set` family.

use std::collections::BTreeMap;
use std::fs;

use tests::{Fixture, program};

use crate::linted::Entry;

/// Names its own values in the error of an `include` that finds nothing.
const TELL: &str = "{{ include (printf \"%T %v %s\" .Values .Values (toJson .Values)) . }}\n";

/// The lines of a table, without what is empty or begins with `#`.
fn lines(name: &str) -> Result<Vec<String>, String> {
    let path = program::root().join("tests/oracle").join(name);
    let text = fs::read_to_string(&path).map_err(|err| format!("{}: {err}", path.display()))?;
    let wanted = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(wanted.map(str::to_owned).collect())
}

/// Where a plain scalar can stand in a document.
const PLACES: [&str; 8] = [
    "k: §\n",
    "§: v\n",
    "- §\n- [§, x]\n",
    "k:\n  - {a: §, b: 1}\n  - - §\n",
    "k: &a §\nl: *a\n",
    "k: !!str §\n",
    "k: §\nk: 2\nl: |\n  §\nm: >-\n  §\n  §\n",
    "? §\n: §\n",
];

/// Values files: every line of `yaml.txt`, its escapes read, and every line of `scalars.txt` in every place.
///
/// # Errors
/// Those of the file system.
pub(crate) fn yaml() -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for line in lines("yaml.txt")? {
        entries.push(Entry::new(format!("yaml › {line}"), unescaped(&line), TELL));
    }
    for scalar in lines("scalars.txt")? {
        let bytes = unescaped(&scalar);
        for place in PLACES {
            let pieces: Vec<&[u8]> = place.split('§').map(str::as_bytes).collect();
            let id = format!("yaml › {}", place.replace('§', &scalar).escape_default());
            entries.push(Entry::new(id, pieces.join(&bytes[..]), TELL));
        }
    }
    Ok(entries)
}

/// `\n`, `\t`, `\r`, `\\`, and `\xNN` for a byte.
fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        let escaped = match (byte, tail) {
            (b'\\', [b'n', ..]) => Some((b'\n', 1)),
            (b'\\', [b't', ..]) => Some((b'\t', 1)),
            (b'\\', [b'r', ..]) => Some((b'\r', 1)),
            (b'\\', [b'\\', ..]) => Some((b'\\', 1)),
            (b'\\', [b'x', high, low, ..]) => {
                let digits = [*high, *low];
                let number =
                    std::str::from_utf8(&digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                number.map(|number| (number, 3))
            }
            _ => None,
        };
        let (byte, skip) = escaped.unwrap_or((*byte, 0));
        bytes.push(byte);
        rest = &rest[skip..];
    }
    bytes
}

/// Every range of `ranges.txt` against every version of `versions.txt`, one chart a range, and every version read alone.
///
/// # Errors
/// Those of the file system.
pub(crate) fn semver() -> Result<Vec<Entry>, String> {
    let versions = lines("versions.txt")?;
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    // A version that cannot be read would end the loop.
    let good = versions.iter().filter(|version| !version.starts_with('!'));
    let good: Vec<String> = good.map(|version| quoted(version)).collect();
    let mut entries = Vec::new();
    for range in lines("ranges.txt")? {
        let template = format!(
            "{{{{ $s := \"\" }}}}{{{{ range list {} }}}}{{{{ $s = printf \"%s %v\" $s (semverCompare {} .) }}}}{{{{ end }}}}{{{{ include $s . }}}}\n",
            good.join(" "),
            quoted(&range)
        );
        entries.push(Entry::new(format!("semver › {range}"), "", &template));
    }
    for version in &versions {
        let version = version.trim_start_matches('!');
        for range in ["*", ">=1.2.3-0"] {
            let call = format!("semverCompare {} {}", quoted(range), quoted(version));
            let template = format!("{{{{ include (printf \"%v\" ({call})) . }}}}\n");
            entries.push(Entry::new(format!("semver › {call}"), "", &template));
        }
        let template = format!(
            "{{{{ $v := semver {} }}}}{{{{ include (printf \"%s %d %d %d %s %s %s\" $v $v.Major $v.Minor $v.Patch $v.Prerelease $v.Metadata $v.Original) . }}}}\n",
            quoted(version)
        );
        entries.push(Entry::new(format!("semver › semver {version}"), "", &template));
    }
    Ok(entries)
}

/// Commands, each in a process of its own: `kubeVersion` in `Chart.yaml`, a dependency's range, and the `--set` family.
///
/// # Errors
/// Those of the file system.
pub(crate) fn commands() -> Result<Vec<(String, Fixture)>, String> {
    let mut subjects = Vec::new();
    let template =
        b"{{ toJson .Values }}{{ range $k, $v := .Values }}\n# {{ printf \"%q %T %v\" $k $v $v }}{{ end }}\n"
            .to_vec();
    let chart = |yaml: &str| format!("apiVersion: v2\nname: c\nversion: 0.1.0\n{yaml}").into_bytes();
    let values = b"a: 1\nb: {c: 2, d: {e: 3}}\nl: [x, {y: 1}, [z]]\ns: text\nn: null\n".to_vec();
    for line in lines("set.txt")? {
        for flag in ["--set", "--set-string", "--set-json", "--set-literal", "--set-file"] {
            let mut files = BTreeMap::new();
            files.insert("templates/t.yaml".to_owned(), template.clone());
            files.insert("values.yaml".to_owned(), values.clone());
            files.insert("/file.txt".to_owned(), b"of a file, {x}\n".to_vec());
            let command = ["template", "x", "c", "--debug", flag, &line].map(str::to_owned).to_vec();
            subjects.push((format!("set › {flag} {line}"), Fixture { files, command, ..Fixture::default() }));
        }
    }
    for range in lines("ranges.txt")?.iter().step_by(3) {
        let range = range.replace('\'', "''");
        let mut files = BTreeMap::new();
        files.insert("Chart.yaml".to_owned(), chart(&format!("kubeVersion: '{range}'\n")));
        let command = ["template", "x", "c", "--kube-version", "1.23.4"].map(str::to_owned).to_vec();
        subjects.push((
            format!("semver › kubeVersion {range}"),
            Fixture { files, command, ..Fixture::default() },
        ));
        let mut files = BTreeMap::new();
        let dependency = format!("dependencies:\n- {{name: d, repository: '', version: '{range}'}}\n");
        files.insert("Chart.yaml".to_owned(), chart(&dependency));
        files.insert("charts/d/Chart.yaml".to_owned(), b"apiVersion: v2\nname: d\nversion: 1.2.3\n".to_vec());
        files.insert("charts/d/templates/t.yaml".to_owned(), b"it: is\n".to_vec());
        let command = ["template", "x", "c"].map(str::to_owned).to_vec();
        subjects
            .push((format!("semver › dependency {range}"), Fixture { files, command, ..Fixture::default() }));
    }
    Ok(subjects)
}
