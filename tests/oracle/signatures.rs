//! Signatures across programs: each signs archives with each kind of key, and both say the same of them, also when something was
//! changed since.

use std::fs;
use std::path::Path;

use tests::chart_fixture::Scratch;
use tests::{Fixture, Program};

const SECRET: &[u8] = include_bytes!("../../renderer/provenance/tests/keys.gpg");
const PUBLIC: &[u8] = include_bytes!("../../renderer/provenance/tests/public.asc");
const ARCHIVE: &str = "c-0.1.0.tgz";

/// The number of answers that are equal, and what is wrong with the others.
///
/// # Errors
/// Those of the file system.
pub(crate) fn check(helm: &Program, ours: &Program) -> Result<(usize, Vec<String>), String> {
    let mut n_equal = 0;
    let mut wrong = Vec::new();
    for (name, signer) in [("helm", helm), ("chartroom", ours)] {
        for key in ["rsa@example.com", "<ed@example.com", "locked@example.com"] {
            for (change, edit) in CHANGES {
                let told = format!("{name} signs with {key}, {change}");
                let scratch = Scratch::new("signature").map_err(|err| err.to_string())?;
                let said = verdicts(scratch.path(), signer, key, *edit, [helm, ours])
                    .map_err(|err| format!("{told}: {err}"))?;
                let is_right = said[0].1 == i32::from(*change != "and nothing is changed");
                match said[0] == said[1] && is_right {
                    true => n_equal += 1,
                    false => wrong.push(format!("{told}: helm {:?}, chartroom {:?}", said[0], said[1])),
                }
            }
        }
    }
    Ok((n_equal, wrong))
}

type Edit = fn(&Path) -> std::io::Result<()>;

const CHANGES: &[(&str, Edit)] = &[
    ("and nothing is changed", |_| Ok(())),
    ("the archive is changed", |dir| {
        let path = dir.join(ARCHIVE);
        let mut bytes = fs::read(&path)?;
        bytes.push(0);
        fs::write(path, bytes)
    }),
    ("the text is changed", |dir| {
        let path = dir.join(format!("{ARCHIVE}.prov"));
        fs::write(&path, fs::read_to_string(&path)?.replace("name: c", "name: d"))
    }),
    ("the signer is not in the keyring", |dir| fs::write(dir.join("public.asc"), b"")),
];

/// What both say of an archive that one of them signed, with the exit codes.
fn verdicts(
    dir: &Path,
    signer: &Program,
    key: &str,
    edit: Edit,
    programs: [&Program; 2],
) -> Result<Vec<(String, i32)>, String> {
    let said = |err: std::io::Error| err.to_string();
    Fixture::default().write(dir).map_err(said)?;
    for (name, bytes) in [("keys.gpg", SECRET), ("public.asc", PUBLIC), ("pass", b"pass\n")] {
        fs::write(dir.join(name), bytes).map_err(said)?;
    }
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let command = words(&format!("package c --sign --key {key} --keyring keys.gpg --passphrase-file pass"));
    let run = signer.run_in(&command, dir).map_err(said)?;
    if run.code != 0 {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned());
    }
    edit(dir).map_err(said)?;
    let command = words(&format!("verify {ARCHIVE} --keyring public.asc"));
    let runs = programs.into_iter().map(|program| {
        let run = program.run_in(&command, dir).map_err(said)?;
        Ok((String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned(), run.code))
    });
    runs.collect()
}
