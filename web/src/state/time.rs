//! Times of the bridge as people say them.

use release::record::Time;

/// Milliseconds since 1970 of an RFC 3339 time.
pub fn instant(text: &str) -> Option<f64> {
    let (seconds, nanoseconds) = Time::parse(text)?.since_1970();
    Some(seconds as f64 * 1e3 + f64::from(nanoseconds) / 1e6)
}

/// `09:41:07` of such a time.
pub fn clock(text: &str) -> &str {
    text.get(11..19).unwrap_or(text)
}

/// How long that is: `0.2 s`, `18 s`, `4 min`, `3 days`.
pub fn span(ms: f64) -> String {
    let seconds = (ms / 1000.0).max(0.0);
    let whole = |n: f64, word: &str| {
        let n = n.floor();
        format!("{n} {word}{}", if n == 1.0 { "" } else { "s" })
    };
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s if s < 36.0 * 3_600.0 => whole(s / 3_600.0, "hour"),
        s if s < 60.0 * 86_400.0 => whole(s / 86_400.0, "day"),
        s => whole(s / (30.44 * 86_400.0), "month"),
    }
}

/// How long ago a time was.
pub fn ago(text: &str, now_ms: f64) -> String {
    match instant(text) {
        Some(then) if now_ms - then < 10_000.0 => "just now".to_owned(),
        Some(then) => format!("{} ago", span(now_ms - then)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_the_millisecond() {
        assert_eq!(instant("1970-01-01T00:00:01.5Z"), Some(1500.0));
        assert_eq!(instant("2000-02-29T11:30:01Z"), Some(951_823_801_000.0));
        assert_eq!(instant("2026-11-20"), None);
        assert_eq!(clock("2026-11-20T09:41:07.123Z"), "09:41:07");
    }

    #[test]
    fn spans_are_said_in_the_largest_word_that_fits() {
        let said: Vec<String> =
            [200.0, 18_400.0, 272_000.0, 3_600_000.0 * 2.5, 86_400_000.0 * 3.2].map(span).to_vec();
        assert_eq!(said, ["0.2 s", "18 s", "5 min", "2 hours", "3 days"]);
        assert_eq!(ago("1970-01-01T00:00:00Z", 5_000.0), "just now");
        assert_eq!(ago("1970-01-01T00:00:00Z", 1e8), "27 hours ago");
    }
}
