//! Copies parts of a text, in order, between other bytes, with the pieces of what is copied.

use value::{Text, TextBuilder};

/// A walk over a text from its start to its end.
pub(crate) struct Weave<'a> {
    text: &'a Text,
    at: usize,
    made: TextBuilder,
}

impl<'a> Weave<'a> {
    pub(crate) fn new(text: &'a Text, capacity: usize) -> Self {
        Self { text, at: 0, made: TextBuilder::with_capacity(capacity) }
    }

    /// Copies all up to `end` of the text.
    pub(crate) fn copy_to(&mut self, end: usize) {
        self.made.push_slice(self.text, self.at..end);
        self.at = end;
    }

    /// Leaves out all up to `end` of the text.
    pub(crate) fn skip_to(&mut self, end: usize) {
        self.at = end;
    }

    /// Puts bytes of nobody in between.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.made.push_bytes(bytes);
    }

    /// Puts another text in between.
    pub(crate) fn put_text(&mut self, text: &Text) {
        self.made.push(text);
    }

    /// Copies the rest and gives the new text.
    pub(crate) fn finish(mut self) -> Text {
        self.copy_to(self.text.len());
        self.made.finish()
    }
}

#[cfg(test)]
mod tests {
    use value::Origin;

    use super::*;

    #[test]
    fn parts_keep_their_pieces() {
        let mut builder = TextBuilder::new();
        builder.push(&Text::from("abc").with_origin(Origin(1)));
        builder.push(&Text::from("def").with_origin(Origin(2)));
        let text = builder.finish();
        let mut weave = Weave::new(&text, 0);
        weave.copy_to(1);
        weave.put(b"-");
        weave.skip_to(2);
        weave.copy_to(5);
        weave.put(b"+");
        let woven = weave.finish();
        assert_eq!(woven, "a-cde+f");
        let pieces: Vec<_> = woven.pieces().map(|piece| (piece.len(), piece.from.to_vec())).collect();
        let (one, two) = (vec![Origin(1)], vec![Origin(2)]);
        assert_eq!(
            pieces,
            [(1, one.clone()), (1, vec![]), (1, one), (2, two.clone()), (1, vec![]), (1, two)]
        );
    }
}
