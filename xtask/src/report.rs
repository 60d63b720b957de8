//! What the commands tell the person in front of them.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

/// Prints a line. A reader who has closed the pipe is no reason to stop.
pub(crate) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints why a command ends without its result.
pub(crate) fn problem(sentence: &str) {
    let _ = writeln!(io::stderr().lock(), "\nxtask: {sentence}");
}

/// Says what is about to happen, does it, and says how long it took.
///
/// # Errors
/// What `work` gives.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    line(&format!("· {what} …"));
    let start = Instant::now();
    let result = work();
    let end = if result.is_ok() { "done" } else { "failed" };
    line(&format!("  {end} in {}", seconds(start.elapsed())));
    result
}

/// `0.4 s`, `12.3 s`, `4 min 07 s`.
pub(crate) fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        return format!("{:.1} s", time.as_secs_f64());
    }
    let whole = time.as_secs();
    format!("{} min {:02} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_naturally() {
        assert_eq!(seconds(Duration::from_millis(432)), "0.4 s");
        assert_eq!(seconds(Duration::from_millis(59_900)), "59.9 s");
        assert_eq!(seconds(Duration::from_millis(247_000)), "4 min 07 s");
    }
}
