//! Running a release's tests: the hooks of `test` of its last revision.
//!
//! Source: helm v4.3.1 `pkg/action/release_testing.go`.

use std::sync::Arc;

use release::record::{Hook, Record};
use wire::{Code, OperationState, Status, TestRun};

use super::context::{Context, Stop};
use super::gate;
use super::hooks;
use super::job::{Ended, Job, Outcome};
use super::keeper::Keeper;
use super::prepare::refuse_held;

/// More than the tests of any chart need, step by step.
const DEADLINE_SECONDS: u32 = 7_200;

pub(super) async fn test(job: &Job, asked: TestRun) -> Ended {
    job.handle.enter(OperationState::Validating, 0);
    let context = job.context(&[], asked.step_timeout_seconds, DEADLINE_SECONDS);
    context.enter(OperationState::Validating, 0);
    let outcome = match run(job, &context, &asked).await {
        Ok(revision) => Outcome::success(revision),
        Err((revision, stop)) => Outcome { revision, ..Outcome::refused(&stop) },
    };
    (outcome, Some(context))
}

async fn run(job: &Job, context: &Arc<Context>, asked: &TestRun) -> Result<u32, (u32, Stop)> {
    let (keeper, mut record) = read(job, context).await.map_err(|stop| (0, stop))?;
    let revision = record.version;
    let first = chosen(job, context, &mut record, asked).await.map_err(|stop| (0, stop))?;
    context.learn_live(&record).await;
    context.enter(OperationState::PreHooks, revision);
    let phase = hooks::Phase {
        event: "test",
        first,
        wait_for_deletion: true,
        logs: asked.logs,
        begun: None,
        policy: &job.environment.policy,
    };
    let ended = hooks::run(context, &keeper, &mut record, phase).await;
    // How the tests went is kept, whichever way.
    let kept = keeper.finish(context, &record).await;
    ended.and(kept).map(|()| revision).map_err(|stop| (revision, stop))
}

async fn read(job: &Job, context: &Arc<Context>) -> Result<(Keeper, Record), Stop> {
    let history = job.history(context).await?;
    let Some(last) = history.current() else {
        return Err(Stop::failed(Code::NotFound, format!("release: not found: {}", job.release())));
    };
    refuse_held(job, last)?;
    let revision = job.revision(context, last.head.revision).await?;
    revision.refuse_mismatch(false)?;
    let head = revision.head.clone();
    let record = revision.into_record()?;
    if record.info.status == Status::Uninstalled.text() {
        let detail = format!("the release named \"{}\" is already deleted", job.release());
        return Err(Stop::failed(Code::NotFound, detail));
    }
    Ok((Keeper::quiet(context, head), record))
}

/// Puts the hooks that are left out in front, as Helm does, and gives the place of the first that may run.
///
/// The record keeps all of them at any time: it is written while tests run.
async fn chosen(
    job: &Job,
    context: &Arc<Context>,
    record: &mut Record,
    asked: &TestRun,
) -> Result<usize, Stop> {
    let filter = Filter::parse(&asked.filter)?;
    let first = filter.split(&mut record.hooks);
    gate::check_hooks(job, context, &record.hooks[first..], &["test"], &[]).await?;
    Ok(first)
}

/// Which tests run: `name=a` only this one, `!name=b` not that one.
#[derive(Debug, Default)]
struct Filter {
    only: Vec<String>,
    not: Vec<String>,
}

impl Filter {
    fn parse(texts: &[String]) -> Result<Self, Stop> {
        let mut filter = Self::default();
        for text in texts.iter().flat_map(|text| text.split(',')) {
            match (text.strip_prefix("name="), text.strip_prefix("!name=")) {
                (Some(name), _) => filter.only.push(name.to_owned()),
                (_, Some(name)) => filter.not.push(name.to_owned()),
                _ => {
                    let detail = format!("`{text}` is no filter: name=… or !name=…");
                    return Err(Stop::failed(Code::InvalidRequest, detail));
                }
            }
        }
        Ok(filter)
    }

    /// Moves what is left out to the front: what is excluded, then what is not included. How many those are.
    fn split(&self, hooks: &mut [Hook]) -> usize {
        let listed = |names: &[String], hook: &Hook| names.contains(&hook.name);
        let rank = |hook: &Hook| match hook {
            hook if listed(&self.not, hook) => 0,
            hook if !self.only.is_empty() && !listed(&self.only, hook) => 1,
            _ => 2,
        };
        hooks.sort_by_key(rank);
        hooks.partition_point(|hook| rank(hook) < 2)
    }
}

#[cfg(test)]
mod tests_of_filter {
    use super::*;

    #[test]
    fn what_is_left_out_goes_to_the_front_and_is_not_lost() {
        let split = |texts: &[&str]| {
            let filter = Filter::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
            let mut hooks: Vec<Hook> =
                ["c", "a", "b"].map(|name| Hook { name: name.to_owned(), ..Hook::default() }).into();
            let first = filter.unwrap().split(&mut hooks);
            (hooks.iter().map(|hook| hook.name.as_str()).collect::<String>(), first)
        };
        assert_eq!(split(&[]), ("cab".to_owned(), 0));
        assert_eq!(split(&["name=b"]), ("cab".to_owned(), 2));
        assert_eq!(split(&["!name=b"]), ("bca".to_owned(), 1));
        assert_eq!(split(&["name=a,name=b", "!name=b"]), ("bca".to_owned(), 2));
        assert!(Filter::parse(&["a".to_owned()]).is_err());
    }
}
