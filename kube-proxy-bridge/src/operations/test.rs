//! Running a release's tests: the hooks of `test` of its last revision.
//!
//! Source: helm v4.3.1 `pkg/action/release_testing.go`.

use std::sync::Arc;

use release::record::{Hook, Record};
use wire::{Code, OperationState, Status, TestRun};

use super::context::{Context, Stop};
use super::gate;
use super::hooks;
use super::keeper::Keeper;
use super::prepare::refuse_held;
use super::run::{Ended, Job, Outcome};

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
    context.learn_live(&record).await;
    let ended = tests(job, context, &keeper, &mut record, asked).await;
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

async fn tests(
    job: &Job,
    context: &Arc<Context>,
    keeper: &Keeper,
    record: &mut Record,
    asked: &TestRun,
) -> Result<(), Stop> {
    let filter = Filter::parse(&asked.filter)?;
    let all = std::mem::take(&mut record.hooks);
    let (mut kept, chosen): (Vec<Hook>, Vec<Hook>) =
        all.into_iter().partition(|hook| !filter.takes(&hook.name));
    record.hooks = chosen;
    gate::check_hooks(job, context, record, &["test"]).await?;
    context.enter(OperationState::PreHooks, record.version);
    let namespace = record.namespace.clone();
    let phase = hooks::Phase {
        event: "test",
        wait_for_deletion: true,
        logs: asked.logs,
        resumed: false,
        namespace: &namespace,
    };
    let ended = hooks::run(context, keeper, record, phase).await;
    // Helm puts those that were left out in front, and so the order of the stored hooks changes.
    kept.append(&mut record.hooks);
    record.hooks = kept;
    ended
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

    fn takes(&self, name: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|known| known == name);
        !listed(&self.not) && (self.only.is_empty() || listed(&self.only))
    }
}

#[cfg(test)]
mod tests_of_filter {
    use super::*;

    #[test]
    fn what_is_excluded_does_not_run_though_it_is_included() {
        let parse =
            |texts: &[&str]| Filter::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let filter = parse(&["name=a,name=b", "!name=b"]).unwrap();
        assert!(filter.takes("a") && !filter.takes("b") && !filter.takes("c"));
        assert!(parse(&[]).unwrap().takes("c"));
        assert!(parse(&["a"]).is_err());
    }
}
