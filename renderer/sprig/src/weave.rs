//! Copies parts of a text, in order, between other bytes, with the pieces of what is copied.

use value::{Text, TextBuilder};

/// A walk over a text from its start to its end. Linear in bytes and pieces, however many parts are copied.
pub(crate) struct Weave<'a> {
    text: &'a Text,
    at: usize,
    piece: usize,
    /// Where the current piece ends.
    piece_end: usize,
    made: TextBuilder,
}

impl<'a> Weave<'a> {
    pub(crate) fn new(text: &'a Text, capacity: usize) -> Self {
        let piece_end = text.pieces().and_then(|pieces| pieces.first()).map_or(0, |piece| piece.len as usize);
        Self { text, at: 0, piece: 0, piece_end, made: TextBuilder::with_capacity(capacity) }
    }

    /// Copies all up to `end` of the text.
    pub(crate) fn copy_to(&mut self, end: usize) {
        let bytes = self.text.as_bytes();
        let Some(pieces) = self.text.pieces() else {
            self.made.push_bytes(&bytes[self.at..end]);
            self.at = end;
            return;
        };
        while self.at < end {
            let Some(piece) = pieces.get(self.piece) else { break };
            let until = end.min(self.piece_end);
            self.made.push_from(&bytes[self.at..until], &piece.from);
            self.skip_to(until);
        }
    }

    /// Leaves out all up to `end` of the text.
    pub(crate) fn skip_to(&mut self, end: usize) {
        self.at = end;
        if let Some(pieces) = self.text.pieces() {
            while self.at >= self.piece_end && self.piece < pieces.len() {
                self.piece += 1;
                self.piece_end += pieces.get(self.piece).map_or(0, |piece| piece.len as usize);
            }
        }
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
        let pieces: Vec<_> =
            woven.pieces().unwrap().iter().map(|piece| (piece.len, piece.from.to_vec())).collect();
        let (one, two) = (vec![Origin(1)], vec![Origin(2)]);
        assert_eq!(
            pieces,
            [(1, one.clone()), (1, vec![]), (1, one), (2, two.clone()), (1, vec![]), (1, two)]
        );
    }
}
