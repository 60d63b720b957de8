//! What a provenance file says: the chart's metadata, and the digest of its archive. The signature around it is not looked at
//! here.
//!
//! Source: helm v4.3.1 `pkg/provenance/sign.go`, `messageBlock`, `ParseMessageBlock`.

use value::{Map, Text, Value};
use yaml::{Field, Shape, Struct};

use super::sha256;
use crate::Error;
use crate::chart::Chart;
use crate::show::quote;

static SUMS: Struct = Struct {
    go_name: "provenance.SumCollection",
    fields: &[
        Field { name: "files", shape: Shape::Map(&Shape::Str) },
        Field { name: "images", shape: Shape::Map(&Shape::Str) },
    ],
};

/// The text that is signed for an archive.
///
/// # Errors
/// `chart-yaml-unwritable`
pub fn statement(chart: &Chart, archive: &[u8], file_name: &str) -> Result<Vec<u8>, Error> {
    let unwritable = |error: yaml::WriteError| Error::new("chart-yaml-unwritable", error.to_string());
    let mut text = yaml::write(&chart.metadata.to_yaml_value()).map_err(unwritable)?.as_bytes().to_vec();
    text.extend_from_slice(b"\n...\n");
    let files = Map::from_iter([(file_name, format!("sha256:{}", sha256(archive)))]);
    let sums = yaml::write(&Value::Map(Map::from_iter([("files", files)]))).map_err(unwritable)?;
    text.extend_from_slice(sums.as_bytes());
    Ok(text)
}

/// The digest of an archive, when a signed text says the same of the file of this name.
///
/// # Errors
/// `provenance-invalid`, `provenance-mismatch`, with Helm's sentences.
pub fn check(text: &[u8], archive: &[u8], file_name: &str) -> Result<String, Error> {
    let invalid = |why: String| Error::new("provenance-invalid", why);
    const BREAK: &[u8] = b"\n...\n";
    let find = |text: &[u8]| text.windows(BREAK.len()).position(|part| part == BREAK);
    let Some(at) = find(text) else {
        return Err(invalid("message block must have at least two parts".to_owned()));
    };
    let rest = &text[at + BREAK.len()..];
    let sums = Text::from(rest[..find(rest).unwrap_or(rest.len())].to_vec());
    let decoded = yaml::decode(sums.as_bytes(), Shape::Struct(&SUMS), false);
    if let Some(error) = decoded.error {
        return Err(invalid(error.message()));
    }
    let files = decoded.value.as_map().and_then(|sums| sums.get("files"));
    let said = files.as_ref().and_then(Value::as_map).and_then(|files| files.get(file_name));
    let sum = format!("sha256:{}", sha256(archive));
    match said.as_ref().and_then(Value::as_text) {
        None => {
            let name = quote(file_name);
            let why = format!("provenance does not contain a SHA for a file named {name}");
            Err(Error::new("provenance-mismatch", why))
        }
        Some(said) if said.as_bytes() != sum.as_bytes() => {
            let (said, sum) = (quote(said.as_bytes()), quote(&sum));
            let why = format!("sha256 sum does not match for {file_name}: {said} != {sum}");
            Err(Error::new("provenance-mismatch", why))
        }
        Some(_) => Ok(sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::load;
    use crate::create::create;

    #[test]
    fn a_statement_is_checked() {
        let chart = load(create("foo").unwrap(), &mut Vec::new()).unwrap();
        let text = statement(&chart, b"archive", "foo-0.1.0.tgz").unwrap();
        let sum = check(&text, b"archive", "foo-0.1.0.tgz").unwrap();
        assert!(text.ends_with(format!("\n\n...\nfiles:\n  foo-0.1.0.tgz: {sum}\n").as_bytes()));
        let message = |text: &[u8], name: &str| check(text, b"other", name).unwrap_err().to_string();
        assert!(message(&text, "foo-0.1.0.tgz").starts_with("sha256 sum does not match for foo-0.1.0.tgz: "));
        assert_eq!(message(&text, "x"), "provenance does not contain a SHA for a file named \"x\"");
        assert_eq!(message(b"a", "x"), "message block must have at least two parts");
    }
}
