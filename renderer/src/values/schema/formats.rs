//! The formats of strings as Helm's validator checks them, where the crate that checks ours has another opinion or other words.
//!
//! Source: santhosh-tekuri/jsonschema v6.0.3 `format.go`; go 1.27 `time/format.go`, `Parse` with `2006-01-02`; `strconv`.

use sprig::address::{self, Address};
use sprig::url;
use value::fmt::{quote, quote_rune};

/// What is wrong with a text, if anything.
type Verdict = Result<(), String>;

/// Looks at a text.
type Rule = fn(&str) -> Verdict;

/// Names and checks; `idn-email` and `idn-hostname` are names that Helm does not know.
pub(super) const FORMATS: [(&str, Rule); 17] = [
    ("date", date),
    ("date-time", date_time),
    ("duration", duration),
    ("idn-email", anything),
    ("idn-hostname", anything),
    ("ipv4", ipv4),
    ("ipv6", ipv6),
    ("iri", uri),
    ("iri-reference", uri_reference),
    ("json-pointer", json_pointer),
    ("period", period),
    ("relative-json-pointer", relative_json_pointer),
    ("semver", semver),
    ("uri", uri),
    ("uri-reference", uri_reference),
    ("uri-template", uri_template),
    ("uuid", uuid),
];

fn anything(_: &str) -> Verdict {
    Ok(())
}

fn refuse(words: impl Into<String>) -> Verdict {
    Err(words.into())
}

fn json_pointer(text: &str) -> Verdict {
    if text.is_empty() {
        return Ok(());
    }
    let Some(rest) = text.strip_prefix('/') else { return refuse("not starting with /") };
    for token in rest.split('/') {
        for (at, _) in token.match_indices('~') {
            if !token[at + 1..].starts_with(['0', '1']) {
                return refuse("~ must be followed by 0 or 1");
            }
        }
    }
    Ok(())
}

fn relative_json_pointer(text: &str) -> Verdict {
    let rest = text.trim_start_matches(|rune: char| rune.is_ascii_digit());
    match text.len() - rest.len() {
        0 => refuse("must start with non-negative integer"),
        2.. if text.starts_with('0') => refuse("starts with zero"),
        _ if rest == "#" => Ok(()),
        _ => json_pointer(rest),
    }
}

fn uuid(text: &str) -> Verdict {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != GROUPS.len() {
        return refuse("must have 5 elements");
    }
    for (at, (group, length)) in groups.iter().zip(GROUPS).enumerate() {
        if group.len() != length {
            return refuse(format!("element {} must be {length} characters long", at + 1));
        }
        if let Some(bad) = group.chars().find(|rune| !rune.is_ascii_hexdigit()) {
            return refuse(format!("non-hex character {}", quoted_rune(bad)));
        }
    }
    Ok(())
}

fn ipv4(text: &str) -> Verdict {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return refuse("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return refuse("leading zeros");
        }
        let digits = group.strip_prefix(['+', '-']).unwrap_or(group);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse(format!("strconv.Atoi: parsing {}: invalid syntax", quoted(group)));
        }
        match group.parse::<i64>() {
            Ok(0..=255) => {}
            Ok(_) => return refuse("decimal must be between 0 and 255"),
            Err(_) => return refuse(format!("strconv.Atoi: parsing {}: value out of range", quoted(group))),
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Verdict {
    if !text.contains(':') {
        return refuse("missing colon");
    }
    match address::parse(text.as_bytes()) {
        Ok(Address::V6 { has_zone: true }) => refuse("zone id is not a part of ipv6 address"),
        Ok(_) => Ok(()),
        Err(why) => refuse(String::from_utf8_lossy(&why)),
    }
}

fn date(text: &str) -> Verdict {
    const LAYOUT: &str = "2006-01-02";
    let cannot = |rest: &[u8], wanted: &str| {
        let (text, rest) = (time_quoted(text.as_bytes()), time_quoted(rest));
        Err(format!("parsing time {text} as \"{LAYOUT}\": cannot parse {rest} as \"{wanted}\""))
    };
    let out_of_range =
        |what: &str| Err(format!("parsing time {}: {what} out of range", time_quoted(text.as_bytes())));
    let mut rest = text.as_bytes();
    let mut numbers = [0_u32; 3];
    for (number, (wanted, width)) in numbers.iter_mut().zip([("2006", 4), ("01", 2), ("02", 2)]) {
        if wanted != "2006" {
            match rest.strip_prefix(b"-") {
                Some(after) => rest = after,
                None => return cannot(rest, "-"),
            }
        }
        let digits = rest.get(..width).filter(|digits| digits.iter().all(u8::is_ascii_digit));
        let Some(digits) = digits else { return cannot(rest, wanted) };
        *number = digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        rest = &rest[width..];
        if wanted == "01" && !(1..=12).contains(number) {
            return out_of_range("month");
        }
    }
    if !rest.is_empty() {
        let (text, rest) = (time_quoted(text.as_bytes()), time_quoted(rest));
        return refuse(format!("parsing time {text}: extra text: {rest}"));
    }
    let [year, month, day] = numbers;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if (1..=days).contains(&day) { Ok(()) } else { out_of_range("day") }
}

fn date_time(text: &str) -> Verdict {
    if text.len() < 20 {
        return refuse("less than 20 characters long");
    }
    let (Some(day), Some(separator), Some(clock)) = (text.get(..10), text.get(10..11), text.get(11..)) else {
        // Where a character stands across these places, the eleventh byte is no `T`.
        return refuse("11th character must be t or T");
    };
    if !separator.eq_ignore_ascii_case("t") {
        return refuse("11th character must be t or T");
    }
    date(day).map_err(|why| format!("invalid date element: {why}"))?;
    time(clock).map_err(|why| format!("invalid time element: {why}"))
}

fn time(text: &str) -> Verdict {
    let bytes = text.as_bytes();
    if bytes.len() < 9 {
        return refuse("less than 9 characters long");
    }
    if bytes[2] != b':' || bytes[5] != b':' {
        return refuse("missing colon in correct place");
    }
    let mut clock = [0_i32; 3];
    for (part, from) in clock.iter_mut().zip([0, 3, 6]) {
        *part = two_digits(&bytes[from..from + 2]).ok_or("invalid hour/min/sec")?;
        if *part < 0 {
            return refuse("non-positive hour/min/sec");
        }
    }
    let [mut hour, mut minute, second] = clock;
    if hour > 23 || minute > 59 || second > 60 {
        return refuse("hour/min/sec out of range");
    }
    let mut rest = &bytes[8..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return refuse("no digits in second fraction");
        }
        rest = &fraction[digits..];
    }
    if !rest.eq_ignore_ascii_case(b"z") {
        if rest.len() != 6 {
            return refuse("offset must be 6 characters long");
        }
        let sign = match rest[0] {
            b'+' => -1,
            b'-' => 1,
            _ => return refuse("offset must begin with plus/minus"),
        };
        if rest[3] != b':' {
            return refuse("missing colon in offset in correct place");
        }
        let mut offset = [0_i32; 2];
        for (part, from) in offset.iter_mut().zip([1, 4]) {
            *part = two_digits(&rest[from..from + 2]).ok_or("invalid hour/min in offset")?;
            if *part < 0 {
                return refuse("non-positive hour/min in offset");
            }
        }
        if offset[0] > 23 || offset[1] > 59 {
            return refuse("hour/min in offset out of range");
        }
        let mut minutes = hour * 60 + minute + sign * (offset[0] * 60 + offset[1]);
        if minutes < 0 {
            minutes += 24 * 60;
        }
        (hour, minute) = (minutes / 60, minutes % 60);
    }
    if second >= 60 && (hour != 23 || minute != 59) { refuse("invalid leap second") } else { Ok(()) }
}

/// A number of two characters, of which the first can be a sign.
fn two_digits(bytes: &[u8]) -> Option<i32> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// The duration of ISO 8601, as far as RFC 3339 has it.
fn duration(text: &str) -> Verdict {
    let Some(rest) = text.strip_prefix('P') else { return refuse("must start with P") };
    if rest.is_empty() {
        return refuse("nothing after P");
    }
    if let Some(weeks) = rest.strip_suffix('W') {
        return match weeks {
            "" => refuse("no number in week"),
            _ if !weeks.bytes().all(|byte| byte.is_ascii_digit()) => refuse("invalid week"),
            _ => Ok(()),
        };
    }
    const UNITS: [&str; 2] = ["YMD", "HMS"];
    for (at, part) in rest.split('T').enumerate() {
        if at != 0 && part.is_empty() {
            return refuse("no time elements");
        }
        let Some(all) = UNITS.get(at) else { return refuse("more than one T") };
        let mut units = *all;
        let mut part = part;
        while !part.is_empty() {
            let after = part.trim_start_matches(|rune: char| rune.is_ascii_digit());
            if after.len() == part.len() {
                return refuse("missing number");
            }
            let Some(&unit) = after.as_bytes().first() else { return refuse("missing unit") };
            let Some(place) = units.bytes().position(|known| known == unit) else {
                let shown = quoted_rune(char::from(unit));
                return if all.as_bytes().contains(&unit) {
                    refuse(format!("unit {shown} out of order"))
                } else {
                    refuse(format!("invalid unit {shown}"))
                };
            };
            units = &units[place + 1..];
            // A unit that was found is one byte long.
            part = &after[1..];
        }
    }
    Ok(())
}

fn period(text: &str) -> Verdict {
    let Some((start, end)) = text.split_once('/') else { return refuse("missing slash") };
    let bad = |what: &'static str| move |why| format!("invalid {what}: {why}");
    if start.starts_with('P') {
        duration(start).map_err(bad("start duration"))?;
        return date_time(end).map_err(bad("end date-time"));
    }
    date_time(start).map_err(bad("start date-time"))?;
    if end.starts_with('P') {
        return duration(end).map_err(bad("end duration"));
    }
    date_time(end).map_err(bad("end date-time"))
}

fn uri(text: &str) -> Verdict {
    if parse_url(text)?.scheme.is_empty() { refuse("relative url") } else { Ok(()) }
}

fn uri_reference(text: &str) -> Verdict {
    if text.contains('\\') {
        return refuse("contains \\");
    }
    parse_url(text).map(|_| ())
}

/// The braces of each part of the path must match, where Go keeps the path as it was written: where writing the decoded path
/// again would give another text.
fn uri_template(text: &str) -> Verdict {
    let url = parse_url(text)?;
    let written = path_as_written(text, &url);
    let mut path = url::Url::default();
    path.path.clone_from(&url.path);
    if !url.opaque.is_empty() || written.as_bytes() == url::join(&path) {
        return Ok(());
    }
    for part in written.split('/') {
        let part = url::unescape_path(part.as_bytes())
            .map_err(|why| format!("percent decode failed: {}", String::from_utf8_lossy(&why)))?;
        let mut is_open = false;
        for byte in part.iter().filter(|byte| matches!(byte, b'{' | b'}')) {
            if (*byte == b'{') == is_open {
                return refuse("nested curly braces");
            }
            is_open = !is_open;
        }
        if is_open {
            return refuse("no matching closing brace");
        }
    }
    Ok(())
}

/// The path of a URL that was parsed.
fn path_as_written<'t>(text: &'t str, url: &url::Url) -> &'t str {
    let rest = text.split_once('#').map_or(text, |(rest, _)| rest);
    let rest = if url.scheme.is_empty() { rest } else { &rest[url.scheme.len() + 1..] };
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let has_authority = !url.scheme.is_empty() || !rest.starts_with("///");
    match rest.strip_prefix("//") {
        Some(rest) if has_authority => rest.find('/').map_or("", |at| &rest[at..]),
        _ => rest,
    }
}

fn parse_url(text: &str) -> Result<url::Url, String> {
    let parsed = url::parse(text.as_bytes()).map_err(|error| String::from_utf8_lossy(&error).into_owned())?;
    let host = String::from_utf8_lossy(&parsed.host).into_owned();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => &host,
    };
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) if address.contains(':') => {
            ipv6(address).map_err(|why| format!("invalid ipv6 address: {why}"))?;
            Ok(parsed)
        }
        None if name.contains(':') => Err("ipv6 address not enclosed in brackets".to_owned()),
        _ => Ok(parsed),
    }
}

fn semver(text: &str) -> Verdict {
    let is_inner = |rune: &char| rune.is_ascii_alphanumeric() || *rune == '-';
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    if build == Some("") {
        return refuse("build is empty");
    }
    for part in build.into_iter().flat_map(|build| build.split('.')) {
        if part.is_empty() {
            return refuse("build identifier is empty");
        }
        if let Some(bad) = part.chars().find(|rune| !is_inner(rune)) {
            return refuse(format!("invalid character {} in build identifier", quoted_rune(bad)));
        }
    }
    let (core, pre) = match rest.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (rest, None),
    };
    for part in pre.into_iter().flat_map(|pre| pre.split('.')) {
        if part.is_empty() {
            return refuse("pre-release identifier is empty");
        }
        if let Some(bad) = part.chars().find(|rune| !is_inner(rune)) {
            return refuse(format!("invalid character {} in pre-release identifier", quoted_rune(bad)));
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse("pre-release numeric identifier starts with zero");
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return refuse("versionCore must have 3 numbers separated by dot");
    }
    for (name, number) in ["major", "minor", "patch"].into_iter().zip(numbers) {
        if number.is_empty() {
            return refuse(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return refuse(format!("{name} starts with zero"));
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&quote(text.as_bytes())).into_owned()
}

fn quoted_rune(rune: char) -> String {
    String::from_utf8_lossy(&quote_rune(u64::from(u32::from(rune)), false)).into_owned()
}

/// As Go's `time` quotes: bytes beyond ASCII and control characters in hexadecimal.
fn time_quoted(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(verdict: Rule, cases: &[(&str, &str)]) {
        for (text, words) in cases {
            assert_eq!(verdict(text).err().unwrap_or_default(), *words, "{text:?}");
        }
    }

    #[test]
    fn dates_are_read_as_go_reads_them() {
        check(
            date,
            &[
                ("2024-02-29", ""),
                ("2023-02-29", "parsing time \"2023-02-29\": day out of range"),
                ("2020-13-01", "parsing time \"2020-13-01\": month out of range"),
                ("2020-01", "parsing time \"2020-01\" as \"2006-01-02\": cannot parse \"\" as \"-\""),
                (
                    "é",
                    "parsing time \"\\xc3\\xa9\" as \"2006-01-02\": cannot parse \"\\xc3\\xa9\" as \"2006\"",
                ),
                ("2020-01-01x", "parsing time \"2020-01-01x\": extra text: \"x\""),
            ],
        );
        check(
            date_time,
            &[
                ("2020-01-01T10:00:00Z", ""),
                ("2016-12-31T23:59:60Z", ""),
                ("2020-01-01T10:00:60Z", "invalid time element: invalid leap second"),
                ("2020-01-01 10:00:00Z", "11th character must be t or T"),
                ("2020-01-01T10:00:00+1:00", "invalid time element: offset must be 6 characters long"),
            ],
        );
    }

    #[test]
    fn other_formats_speak_as_helm_does() {
        check(ipv4, &[("1.2.3.4", ""), ("1.2.3", "expected four decimals"), ("1.2.3.04", "leading zeros")]);
        check(uuid, &[("x", "must have 5 elements")]);
        check(
            json_pointer,
            &[("", ""), ("/a~0", ""), ("a", "not starting with /"), ("/~2", "~ must be followed by 0 or 1")],
        );
        check(relative_json_pointer, &[("0#", ""), ("01", "starts with zero"), ("1/a", "")]);
        check(
            semver,
            &[
                ("1.0.0-a+b", ""),
                ("1.0", "versionCore must have 3 numbers separated by dot"),
                ("1.0.x", "patch contains non-digit"),
            ],
        );
        check(
            uri,
            &[
                ("http://[::1]:80/", ""),
                ("a", "relative url"),
                ("x://a:b:1", "ipv6 address not enclosed in brackets"),
            ],
        );
        check(uri_reference, &[("x y", ""), ("a\\b", "contains \\")]);
        check(
            period,
            &[
                ("P1D/2020-01-01T00:00:00Z", ""),
                ("P1D", "missing slash"),
                ("PD/", "invalid start duration: missing number"),
            ],
        );
    }
}
