//! The harness of the tests that look at Chartroom from outside: cases in Markdown, the programs they run, the verdicts.
//!
//! A case file becomes [`Check`]s, a check is a chart and a command ([`Fixture`]), a program turns it into a [`Run`], and
//! what the file says about it is compared with what the run printed. `suite` judges ours by what is recorded in
//! the files; `oracle` runs Helm beside ours and writes what the files record.
//!
//! The class `cluster` runs on a real Kubernetes: [`cluster`] starts it, [`kube`] and [`net`] talk to it.

pub mod answer;
pub mod case_file;
pub mod chart_fixture;
pub mod cluster;
pub mod diff;
pub mod fault;
pub mod fence;
pub mod fold;
pub mod known;
pub mod kube;
pub mod net;
pub mod pool;
pub mod program;
#[cfg(test)]
mod readback;
pub mod scene;
pub mod trial;
pub mod written;

pub use answer::Answer;
pub use case_file::{CaseFile, Check, Expectation};
pub use chart_fixture::Fixture;
pub use program::{Program, Run};
