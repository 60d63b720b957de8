//! Sentences about what a person did, and long work with its progress.

use crate::worker::protocol::Severity;

/// The slice of the notices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Newest last.
    pub list: Vec<Notice>,
    /// Work that takes longer than a moment.
    pub progress: Option<Progress>,
    /// Whether files hang over the page.
    pub is_dragging: bool,
    next: u32,
}

/// A sentence that stays until it is closed or overtaken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Names it.
    pub id: u32,
    /// Its colour and icon.
    pub severity: Severity,
    /// What and where.
    pub text: String,
    /// Whether it offers to load the page again.
    pub offers_reload: bool,
}

/// Work under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done to what.
    pub label: String,
    /// Done so far, in `total`'s unit.
    pub done: u64,
    /// All of it; 0 when not known.
    pub total: u64,
}

/// What can happen to notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticesAction {
    /// Close one.
    Close(u32),
    /// Close all: something new was opened.
    Clear,
    /// Files hang over the page, or do not any more.
    Drag(bool),
    /// How far the work is; `None` when it ended.
    Progress(Option<Progress>),
    /// Say something.
    Say {
        /// Its colour and icon.
        severity: Severity,
        /// What and where.
        text: String,
        /// Whether it offers to load the page again.
        offers_reload: bool,
    },
}

/// Notices that are kept: more would hide the page.
const LIMIT: usize = 3;

pub(crate) fn reduce(notices: &mut Notices, action: NoticesAction) {
    match action {
        NoticesAction::Close(id) => notices.list.retain(|notice| notice.id != id),
        NoticesAction::Clear => notices.list.clear(),
        NoticesAction::Drag(is_dragging) => notices.is_dragging = is_dragging,
        NoticesAction::Progress(progress) => notices.progress = progress,
        NoticesAction::Say { severity, text, offers_reload } => {
            notices.list.retain(|notice| notice.text != text);
            if notices.list.len() == LIMIT {
                notices.list.remove(0);
            }
            notices.next += 1;
            notices.list.push(Notice { id: notices.next, severity, text, offers_reload });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_sentence_is_said_once_and_old_ones_make_room() {
        let mut notices = Notices::default();
        for text in ["a", "b", "a", "c", "d"] {
            let say =
                NoticesAction::Say { severity: Severity::Error, text: text.into(), offers_reload: false };
            reduce(&mut notices, say);
        }
        assert_eq!(
            notices.list.iter().map(|notice| notice.text.as_str()).collect::<Vec<_>>(),
            ["a", "c", "d"]
        );
        let id = notices.list[1].id;
        reduce(&mut notices, NoticesAction::Close(id));
        assert_eq!(notices.list.len(), 2);
    }
}
