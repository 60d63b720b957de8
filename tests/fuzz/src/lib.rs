//! What the targets share: how an input becomes a chart, and how a chart is put on a page.

mod separator;

use renderer::session::{Change, Session, Settings, Update};
use separator::SEPARATOR;

/// The path of the template that the fuzzer writes.
pub const TEMPLATE: &str = "templates/a.yaml";

/// Chart.yaml of an input that brings none.
pub const CHART_YAML: &[u8] = b"apiVersion: v2\nname: c\nversion: 0.1.0\n";

/// An input as a template, values, and Chart.yaml; what is not there is empty.
pub struct Parts<'a> {
    /// Text of [`TEMPLATE`].
    pub template: &'a [u8],
    /// Text of `values.yaml`.
    pub values: &'a [u8],
    /// Text of `Chart.yaml`, if the input brings one.
    pub chart: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// Cuts an input at each [`SEPARATOR`].
    pub fn of(input: &'a [u8]) -> Self {
        let (template, rest) = cut(input);
        let (values, rest) = rest.map_or((&[][..], None), cut);
        Self { template, values, chart: rest.map(|rest| cut(rest).0).filter(|chart| !chart.is_empty()) }
    }
}

fn cut(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    match input.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        Some(at) => (&input[..at], Some(&input[at + SEPARATOR.len()..])),
        None => (input, None),
    }
}

/// What the page would show of these files.
pub fn preview(files: &[(&str, &[u8])]) -> Update {
    let mut session = Session::new();
    for (path, bytes) in files {
        session.apply(Change::PutFile { path: (*path).to_owned(), bytes: bytes.to_vec() });
    }
    session.apply(Change::Settings(Settings::default()));
    let update = session.update(&mut |_| {});
    for problem in &update.problems {
        let file = problem.file.as_deref().and_then(|path| files.iter().find(|(name, _)| *name == path));
        if let (Some((_, bytes)), Some(range)) = (file, &problem.range) {
            assert!(
                range.start <= range.end && range.end as usize <= bytes.len(),
                "{range:?} is not in {problem:?}"
            );
        }
    }
    update
}
