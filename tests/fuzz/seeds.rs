//! Writes the inputs that every target begins with, out of the cases of the suite: `seeds FOLDER`.

#[path = "src/separator.rs"]
mod separator;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use renderer::functions::{self, Mode};
use separator::SEPARATOR;
use tests::Fixture;
use tests::case_file::read_all;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("usage: seeds FOLDER")?);
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
    let mut seeds = Seeds::default();
    for file in read_all(&suite)? {
        for check in &file.checks {
            seeds.take(&check.fixture)?;
        }
    }
    seeds.write(&folder)
}

/// The inputs of each target, each once.
#[derive(Default)]
struct Seeds(BTreeMap<&'static str, BTreeSet<Vec<u8>>>);

impl Seeds {
    fn add(&mut self, target: &'static str, input: &[u8]) {
        self.0.entry(target).or_default().insert(input.to_vec());
    }

    fn take(&mut self, fixture: &Fixture) -> std::io::Result<()> {
        let file = |name: &str| fixture.files.get(name).map_or(&[][..], Vec::as_slice);
        let (values, chart) = (file("values.yaml"), file("Chart.yaml"));
        for (path, bytes) in &fixture.files {
            if path.contains("templates/") {
                for target in ["lexer_never_hangs", "parser_says_where", "one_failure_hides_no_other"] {
                    self.add(target, bytes);
                }
                self.add("render_never_panics", &[bytes, values, chart].join(SEPARATOR));
            } else if path.ends_with(".yaml") {
                self.add("yaml_reader_never_panics", bytes);
                self.add("yaml_write_then_read_is_identity", bytes);
            } else if path.ends_with("values.schema.json") {
                self.add("schema_never_panics", &[bytes, values].join(SEPARATOR));
            }
        }
        for pair in fixture.command.windows(2) {
            let kinds = ["--set", "--set-string", "--set-json", "--set-literal", "--set-file"];
            if let Some(kind) = kinds.iter().position(|kind| *kind == pair[0]) {
                self.add("set_never_panics", &[&[kind as u8], pair[1].as_bytes()].concat());
            }
        }
        let mut archive = tar::Builder::new(Vec::new());
        for (path, bytes) in &fixture.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, format!("c/{path}"), bytes.as_slice())?;
        }
        self.add("archive_never_panics", &archive.into_inner()?);
        Ok(())
    }

    /// One file for each input in the target's folder, and the names of the functions as words for all of them.
    fn write(&self, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
        for (target, inputs) in &self.0 {
            let folder = folder.join(target);
            fs::create_dir_all(&folder)?;
            for (at, input) in inputs.iter().enumerate() {
                fs::write(folder.join(at.to_string()), input)?;
            }
        }
        let syntax = ["{{-", "-}}", "range ", "else ", "with ", "define ", "end}}", ":= ", "$x", "| "];
        let names = functions::table(Mode::Template).names();
        let words: String = syntax.iter().chain(&names).map(|word| format!("\"{word}\"\n")).collect();
        fs::write(folder.join("words"), words)?;
        Ok(())
    }
}
