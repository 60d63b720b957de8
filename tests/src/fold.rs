//! Very long lines with a part that repeats, written short and without loss: `⟨part⟩×999`.

/// Lines up to this many bytes are left alone.
const LONG: usize = 5_000;
/// The pieces of a repeating part; Helm's chain of a recursion through two names has eight.
const MOST_PIECES: usize = 16;
/// Fewer repetitions stay written out.
const LEAST_TIMES: usize = 8;

/// Writes repetitions in long lines as `⟨part⟩×count`; a part is made of pieces between `: `.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.len() <= LONG {
        return text.to_owned();
    }
    let lines =
        text.split('\n').map(|line| if line.len() > LONG { fold_line(line) } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

fn fold_line(line: &str) -> String {
    let pieces: Vec<&str> = line.split(": ").collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let repeated = (1..=MOST_PIECES.min(pieces.len() - at)).find_map(|n_pieces| {
            let part = &pieces[at..at + n_pieces];
            let times = pieces[at..].chunks_exact(n_pieces).take_while(|chunk| *chunk == part).count();
            (times >= LEAST_TIMES).then_some((part, times))
        });
        match repeated {
            Some((part, times)) => {
                out.push(format!("⟨{}⟩×{times}", part.join(": ")));
                at += part.len() * times;
            }
            None => {
                out.push(pieces[at].to_owned());
                at += 1;
            }
        }
    }
    out.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_part_is_counted() {
        let text = format!("head: {}tail\nshort", "aa: bb: ".repeat(1000));
        assert_eq!(fold(&text), "head: ⟨aa: bb⟩×1000: tail\nshort");
        assert_ne!(fold(&text), fold(&text.replacen("aa: ", "ab: ", 1)));
    }

    #[test]
    fn short_lines_stay() {
        assert_eq!(fold(&"a: ".repeat(100)), "a: ".repeat(100));
    }
}
