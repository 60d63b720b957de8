//! Headings and fenced blocks of a Markdown file, with their places.

use std::ops::Range;

/// What a case file is made of; prose is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A fenced block.
    Block(Block),
    /// A heading: its depth (1 for `#`) and its text.
    Heading(usize, String),
}

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The info string after the opening fence: `yaml values.yaml`.
    pub info: String,
    /// Line of the opening fence, from 1.
    pub line: usize,
    /// The bytes between the fences in the file.
    pub content: Range<usize>,
    /// The bytes from the opening fence to the end of the line of the closing one.
    pub whole: Range<usize>,
}

/// Reads the headings and blocks of `text`.
///
/// # Errors
/// The line of a fence that is never closed.
pub fn items(text: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut offset = 0;
    let mut open: Option<(usize, Block)> = None;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let start = offset;
        offset += line.len();
        let bare = line.trim_end_matches('\n');
        let ticks = bare.bytes().take_while(|byte| *byte == b'`').count();
        match &mut open {
            Some((fence, block)) => {
                if ticks >= *fence && bare.len() == ticks {
                    block.content.end = start;
                    block.whole.end = offset;
                    items.push(Item::Block(block.clone()));
                    open = None;
                }
            }
            None if ticks >= 3 => {
                let info = bare[ticks..].trim().to_owned();
                open = Some((
                    ticks,
                    Block { info, line: index + 1, content: offset..offset, whole: start..offset },
                ));
            }
            None => {
                let depth = bare.bytes().take_while(|byte| *byte == b'#').count();
                if depth > 0 && bare[depth..].starts_with(' ') {
                    items.push(Item::Heading(depth, bare[depth..].trim().to_owned()));
                }
            }
        }
    }
    match open {
        Some((_, block)) => Err(format!("the block of line {} is never closed", block.line)),
        None => Ok(items),
    }
}

/// A fenced block with `info` around `content`; the fence is longer than any run of back-quotes inside.
#[must_use]
pub fn write(info: &str, content: &str) -> String {
    let mut longest = 2;
    for line in content.lines() {
        longest = longest.max(line.bytes().take_while(|byte| *byte == b'`').count());
    }
    let fence = "`".repeat(longest + 1);
    let end = if content.is_empty() || content.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{info}\n{content}{end}{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        let text = "# A\nprose\n````yaml a\n```\nx\n```\n````\n## B\n";
        let items = items(text).unwrap();
        assert_eq!(items.len(), 3);
        let Item::Block(block) = &items[1] else { panic!("a block") };
        assert_eq!(&text[block.content.clone()], "```\nx\n```\n");
        assert_eq!((block.info.as_str(), block.line), ("yaml a", 3));
        assert_eq!(write("yaml a", "```\nx\n```\n"), &text[block.whole.clone()]);
    }

    #[test]
    fn an_open_fence_is_an_error() {
        assert_eq!(items("a\n```x\n").unwrap_err(), "the block of line 2 is never closed");
    }
}
