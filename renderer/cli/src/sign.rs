//! Signatures: which keyring, which passphrase, and the file beside an archive.
//!
//! Source: helm v4.3.1 `pkg/action/package.go`, `Clearsign`; `pkg/cmd/dependency_build.go`, `defaultKeyring`.

use std::io::{self, BufRead, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::{env, fs};

use provenance::Keyring;
use renderer::Log;
use renderer::package::provenance::statement;

use crate::files::{self, base, is_missing, join};
use crate::flags::Given;
use crate::locate::{self, said_by_renderer};
use crate::tree::said;
use crate::{Failure, print, settings};

/// The keyring that the flags name, else GnuPG's.
pub(crate) fn keyring(given: &Given) -> String {
    if given.has("keyring") {
        return given.text("keyring").to_owned();
    }
    let home = env::var("GNUPGHOME").unwrap_or_else(|_| join(&settings::home(), ".gnupg"));
    let old = join(&home, "pubring.gpg");
    let new = join(&home, "pubring.kbx");
    if is_missing(&old) && !is_missing(&new) { new } else { old }
}

/// Reads a keyring.
pub(crate) fn read_keyring(path: &str) -> Result<Keyring, String> {
    let data = files::read(path)?;
    Keyring::read(&data, path).map_err(|error| error.to_string())
}

/// The passphrase of a command line, read once for all charts.
pub(crate) struct Passphrase {
    file: String,
    known: Option<Vec<u8>>,
}

impl Passphrase {
    pub(crate) fn of(given: &Given) -> Self {
        Self { file: given.text("passphrase-file").to_owned(), known: None }
    }

    /// Reads the file that is named, if one is: Helm does so for keys without a passphrase, too.
    fn load(&mut self) -> Result<(), Failure> {
        if self.file.is_empty() || self.known.is_some() {
            return Ok(());
        }
        let line = if self.file == "-" {
            let stdin = io::stdin();
            let place = stdin.as_fd().try_clone_to_owned().and_then(|own| fs::File::from(own).metadata());
            if !place.is_ok_and(|place| place.file_type().is_fifo()) {
                return Err("specified reading passphrase from stdin, without input on stdin".into());
            }
            first_line(stdin.lock()).map_err(|error| error.to_string())
        } else {
            let path = self.file.as_str();
            let file = fs::File::open(path).map_err(|error| said("open", path.as_ref(), &error))?;
            first_line(io::BufReader::new(file)).map_err(|error| said("read", path.as_ref(), &error))
        };
        self.known = Some(line?.ok_or("EOF")?);
        Ok(())
    }

    /// The passphrase, asked for when no file has it.
    fn get(&self, name: &str) -> Result<Vec<u8>, Failure> {
        match &self.known {
            Some(known) => Ok(known.clone()),
            None => ask(name),
        }
    }
}

/// A line without its break; `None` at the end of the file.
fn first_line(mut reader: impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    // Go reads lines in pieces of 4 KiB and takes the first.
    if reader.by_ref().take(4096).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    }
    Ok(Some(line))
}

/// Asks at the terminal, which shows nothing of what is typed.
fn ask(name: &str) -> Result<Vec<u8>, Failure> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    print(format!("Password for key {name:?} >  "))?;
    let stdin = io::stdin();
    let outcome = tcgetattr(&stdin)
        .map_err(|error| Failure(crate::tree::errno_words(&error.into())))
        .and_then(|shown| {
            let mut hidden = shown.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            hidden.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG);
            let set = |modes| {
                tcsetattr(&stdin, OptionalActions::Now, modes)
                    .map_err(|error| Failure(crate::tree::errno_words(&error.into())))
            };
            set(&hidden)?;
            let line = first_line(stdin.lock());
            set(&shown)?;
            line.map_err(|error| Failure(error.to_string()))?.ok_or_else(|| "EOF".into())
        });
    print("\n")?;
    outcome
}

/// Writes the provenance file of an archive beside it.
pub(crate) fn sign(
    archive: &str,
    given: &Given,
    passphrase: &mut Passphrase,
    log: &mut Vec<Log>,
) -> Result<(), Failure> {
    let said = |error: provenance::Error| Failure(error.to_string());
    let keyring = read_keyring(&keyring(given))?;
    let entity = keyring.find(given.text("key")).map_err(said)?;
    passphrase.load()?;
    let entity = entity.ok_or("private key not found")?;
    let mut signer = entity.signer().map_err(said)?;
    if signer.is_locked() {
        let name = entity.names().find(|name| !name.is_empty()).unwrap_or("Unknown");
        signer.unlock(&passphrase.get(name)?).map_err(said)?;
    }
    let chart = locate::chart(archive.as_ref(), log)
        .map_err(|Failure(why)| format!("failed to load chart for signing: {why}"))?;
    let bytes = files::read(archive).map_err(|why| format!("failed to read chart archive: {why}"))?;
    let text = statement(&chart, &bytes, base(archive)).map_err(said_by_renderer)?;
    let signed = signer.sign(&text, files::now() / 1_000_000_000).map_err(said)?;
    Ok(files::overwrite(&format!("{archive}.prov"), &signed)?)
}
