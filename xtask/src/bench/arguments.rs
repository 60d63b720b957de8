//! What `cargo xtask bench` is asked for.

use std::path::PathBuf;

pub(super) struct Arguments {
    /// The folder of the Go program that holds Helm's engine.
    pub(super) peer: Option<PathBuf>,
    /// Leaves wasm out.
    pub(super) native_only: bool,
    pub(super) rounds: usize,
    /// How many charts are measured when more are named.
    pub(super) slowest: usize,
    pub(super) paths: Vec<PathBuf>,
}

impl Arguments {
    /// # Errors
    /// What is wrong with them.
    pub(super) fn read(args: &[String]) -> Result<Self, String> {
        let mut read = Self { peer: None, native_only: false, rounds: 3, slowest: 10, paths: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut next = || args.next().ok_or_else(|| format!("`{arg}` wants an argument"));
            match arg.as_str() {
                "--peer" => read.peer = Some(here(next()?)),
                "--native" => read.native_only = true,
                "--rounds" => read.rounds = number(arg, next()?)?,
                "--slowest" => read.slowest = number(arg, next()?)?,
                other if other.starts_with('-') => return Err(format!("bench has no option `{other}`")),
                path => read.paths.push(here(path)),
            }
        }
        if read.paths.is_empty() {
            read.paths.push(crate::root::root().join("www/examples"));
        }
        Ok(read)
    }
}

/// Programs run in the root of the checkout; arguments name what they name where the command was given.
fn here(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.into())
}

fn number(option: &str, text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{option}` wants a number above zero, and `{text}` is none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Arguments, String> {
        Arguments::read(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_and_paths_in_any_order() {
        let read = read(&["/charts", "--rounds", "5", "--native", "--peer", "/go", "/more"]).unwrap();
        assert_eq!((read.rounds, read.slowest, read.native_only), (5, 10, true));
        assert_eq!(read.peer, Some(PathBuf::from("/go")));
        assert_eq!(read.paths, [PathBuf::from("/charts"), PathBuf::from("/more")]);
    }

    #[test]
    fn wrong_ones_say_so() {
        assert_eq!(
            read(&["--rounds", "0"]).err().unwrap(),
            "`--rounds` wants a number above zero, and `0` is none"
        );
        assert_eq!(read(&["--peer"]).err().unwrap(), "`--peer` wants an argument");
        assert_eq!(read(&["--fast"]).err().unwrap(), "bench has no option `--fast`");
    }
}
