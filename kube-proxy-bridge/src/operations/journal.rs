//! How far an operation is, short enough for an annotation, so that another process can go on where one stopped.
//!
//! One letter per object in the order of writing: `p` planned, `s` sent, `d` done, `f` failed, `x` deleted. Runs of the
//! same letter are written as ranges: `0-41:d,42:s,43-99:p`. Server-side apply is idempotent, so what was sent and not
//! answered is simply sent again.

use std::fmt::Write as _;

/// How far one object is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Deleted.
    Deleted,
    /// Written, and the API server said so.
    Done,
    /// Refused.
    Failed,
    /// Not begun.
    #[default]
    Planned,
    /// Sent, and not answered yet.
    Sent,
}

impl Mark {
    const fn letter(self) -> char {
        match self {
            Self::Deleted => 'x',
            Self::Done => 'd',
            Self::Failed => 'f',
            Self::Planned => 'p',
            Self::Sent => 's',
        }
    }

    fn lettered(letter: &str) -> Option<Self> {
        [Self::Deleted, Self::Done, Self::Failed, Self::Planned, Self::Sent]
            .into_iter()
            .find(|mark| letter.len() == 1 && letter.starts_with(mark.letter()))
    }
}

/// How far all objects are, by their place in the order of writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal(Vec<Mark>);

impl Journal {
    /// `n` objects, none begun.
    #[must_use]
    pub fn planned(n: usize) -> Self {
        Self(vec![Mark::Planned; n])
    }

    /// Notes how far an object is. A place that does not exist is passed over.
    pub fn note(&mut self, index: usize, mark: Mark) {
        if let Some(place) = self.0.get_mut(index) {
            *place = mark;
        }
    }

    /// How far the object at a place is.
    #[must_use]
    pub fn mark(&self, index: usize) -> Mark {
        self.0.get(index).copied().unwrap_or_default()
    }

    /// As the annotation holds it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut start = 0;
        for run in self.0.chunk_by(|a, b| a == b) {
            let end = start + run.len() - 1;
            let comma = if start == 0 { "" } else { "," };
            let letter = run[0].letter();
            // Writing to a string does not fail.
            let _ = if start == end {
                write!(text, "{comma}{start}:{letter}")
            } else {
                write!(text, "{comma}{start}-{end}:{letter}")
            };
            start = end + 1;
        }
        text
    }

    /// Reads an annotation for `n` objects. What is damaged or beyond counts as not begun: that is always safe.
    #[must_use]
    pub fn read(text: &str, n: usize) -> Self {
        let mut journal = Self::planned(n);
        for item in text.split(',') {
            let Some((range, letter)) = item.split_once(':') else { continue };
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) else { continue };
            let Some(mark) = Mark::lettered(letter) else { continue };
            for place in journal.0.iter_mut().take(last.saturating_add(1)).skip(first) {
                *place = mark;
            }
        }
        journal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_keep_a_large_release_short_and_come_back() {
        let mut journal = Journal::planned(5000);
        for index in 0..42 {
            journal.note(index, Mark::Done);
        }
        journal.note(42, Mark::Sent);
        journal.note(9999, Mark::Done);
        assert_eq!(journal.text(), "0-41:d,42:s,43-4999:p");
        assert_eq!(Journal::read(&journal.text(), 5000), journal);
        assert_eq!(Journal::planned(0).text(), "");
        assert_eq!(Journal::read("", 0), Journal::planned(0));
    }

    #[test]
    fn what_cannot_be_read_counts_as_not_begun() {
        let journal = Journal::read("0:d,x:d,1:q,2-1:d,3-18446744073709551615:f", 5);
        assert_eq!(journal.text(), "0:d,1-2:p,3-4:f");
        assert_eq!(Journal::read("0:d,1:x", 2).text(), "0:d,1:x");
    }
}
