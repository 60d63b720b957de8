//! *Review* and *Deploy*: one last render in the real world, what the chart looks up, a plan, and the same bytes again.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::json;
use wasm_bindgen_futures::spawn_local;
use wire::{
    ApplyOptions, Code, Lookup, LookupAnswer, Plan, PlanRequest, PlanSubject, ReleaseState, RevisionSummary,
    Rollback,
};

use crate::hooks::Desk;
use crate::hooks::desk::connect::{Round, cluster_of};
use crate::hooks::reply::reply;
use crate::hooks::task::Task;
use crate::state::Action;
use crate::state::cluster::Fault;
use crate::state::deploy::{DeployAction, Planned, Step, Stop, Subject, Wishes, turn};
use crate::state::releases::Name;
use crate::state::rounds::{Next, Rounds, describe};
use crate::worker::client::Client;
use crate::worker::protocol::{Question, Review, Reviewed};

/// Questions of one request, when the bridge names no limit.
const BATCH: usize = 64;

/// What was rendered and planned.
pub(super) struct Submitted {
    /// JSON of the documents and of the chart's record, an object without what the person decides.
    body: Rc<str>,
    /// The last revision that the plan saw.
    expected_revision: u32,
    /// The lookup session, when there was one.
    session: Option<String>,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

impl Desk {
    /// Shows the deploy, and asks who serves the page if nobody did.
    pub(crate) fn open_deploy(&self) {
        let state = self.state();
        if state.deploy.subject != Subject::Apply
            && state.deploy.operation.is_none()
            && state.deploy.step != Step::Starting
        {
            // A rollback begins in Releases; from here it is the chart that is deployed.
            self.0.line.reviewing.take();
            self.deploy(DeployAction::Begin(Subject::Apply));
        }
        self.deploy(DeployAction::Open);
        if state.cluster.session().is_none() {
            self.connect();
        }
    }

    /// Asks what this would change. A deploy that is just being started is waited for.
    pub(crate) fn review(&self, subject: Subject) {
        self.deploy(DeployAction::Open);
        if self.state().deploy.step == Step::Starting {
            return;
        }
        self.watch(None);
        self.deploy(DeployAction::Begin(subject.clone()));
        match subject {
            Subject::Apply => {
                let desk = self.clone();
                self.plan("Rendering", async move { desk.plan_apply().await });
            }
            Subject::Rollback(name, to_revision) => {
                let state = self.state();
                let options = state.deploy.options();
                let request = plan_of_rollback(&name, to_revision, &options);
                let known =
                    state.releases.history.as_ref().filter(|_| state.releases.chosen.as_ref() == Some(&name));
                let before = known.and_then(|history| history.first()).map(chart_of);
                let desk = self.clone();
                self.plan("Planning the rollback", async move {
                    Ok(Planned {
                        plan: desk.0.line.bridge.post_text("/v1/plans", &request, None).await?,
                        decided: Vec::new(),
                        revision: None,
                        options,
                        read: Vec::new(),
                        as_of: None,
                        before,
                        denied: Vec::new(),
                        at_ms: crate::hooks::now_ms(),
                    })
                });
            }
        }
    }

    /// Plans the same again, with what was decided since.
    fn plan_decided(&self) {
        let state = self.state();
        let Some(planned) = state.deploy.planned().cloned() else { return };
        let options = state.deploy.options();
        let request = match &state.deploy.subject {
            Subject::Apply => {
                let submitted = self.0.line.submitted.borrow();
                let Some(submitted) = &*submitted else { return };
                let Plan { namespace, release, .. } = &planned.plan;
                submitted.plan(namespace, release, &planned.denied_names(), &options)
            }
            Subject::Rollback(name, to) => plan_of_rollback(name, *to, &options),
        };
        let desk = self.clone();
        self.plan("Planning with what you decided", async move {
            Ok(Planned {
                plan: desk.0.line.bridge.post_text("/v1/plans", &request, None).await?,
                decided: planned.decisions(),
                options,
                at_ms: crate::hooks::now_ms(),
                ..Rc::unwrap_or_clone(planned)
            })
        });
    }

    /// Shows what becomes of a plan, in place of the one under way.
    fn plan(&self, busy: &str, work: impl Future<Output = Result<Planned, Stop>> + 'static) {
        self.step(Step::Busy(busy.to_owned()));
        let desk = self.clone();
        self.0.line.reviewing.replace(Some(Task::spawn(async move {
            match work.await {
                Ok(planned) => {
                    desk.step(Step::Planned(Rc::new(planned)));
                    desk.settle();
                }
                Err(stop) => desk.fail(stop),
            }
        })));
    }

    fn fail(&self, stop: Stop) {
        if let Stop::Fault(fault) = &stop {
            self.heed(fault);
        }
        self.step(Step::Failed(stop));
    }

    /// As soon as everything is decided, the bridge looks at the whole again.
    fn settle(&self) {
        if self.state().deploy.needs_plan() {
            self.plan_decided();
        }
    }

    /// A person decided.
    pub(crate) fn choose(&self, key: &str, word: &'static str) {
        self.deploy(DeployAction::Choose(key.to_owned(), word));
        self.settle();
    }

    /// The person's word about the Secrets that the chart asks for.
    pub(crate) fn consent(&self, may_read: bool) {
        if let Some(giver) = self.0.line.consent.take() {
            giver.give(may_read);
        }
    }

    /// Ends the review under way.
    pub(crate) fn stop_review(&self) {
        self.0.line.reviewing.take();
        self.0.line.round.take();
        self.0.line.consent.take();
        self.step(Step::Failed(Stop::Sentence("You stopped the review.".to_owned())));
    }

    /// Wishes for the operation. The plan depends on who creates the namespace.
    pub(crate) fn wish(&self, wishes: Wishes) {
        self.deploy(DeployAction::Wish(wishes));
        self.settle();
    }

    /// What the worker rendered for a review.
    pub(super) fn take_round(&self, reviewed: Reviewed, body: Vec<u8>) {
        if reviewed.id == self.0.line.review.get()
            && let Some(giver) = self.0.line.round.take()
        {
            giver.give((reviewed, body));
        }
    }

    /// Does what was planned: the same bytes, the plan's name, the decisions.
    pub(crate) fn deploy_now(&self) {
        let state = self.state();
        let Some(planned) = state.deploy.planned().cloned() else { return };
        if !state.deploy.is_ready() || !state.cluster.may_write() {
            return;
        }
        let options = state.deploy.options();
        let (path, body) = match (&state.deploy.subject, &*self.0.line.submitted.borrow()) {
            (Subject::Apply, Some(submitted)) => {
                ("apply", submitted.with(&planned.denied_names(), &options, Some(&planned.plan.id)))
            }
            (Subject::Apply, None) => return,
            (Subject::Rollback(_, to), _) => (
                "rollback",
                json!({
                    "toRevision": to,
                    "expectedRevision": planned.plan.current_revision,
                    "planId": planned.plan.id,
                    "options": options,
                })
                .to_string(),
            ),
        };
        let path =
            format!("/v1/namespaces/{}/releases/{}:{path}", planned.plan.namespace, planned.plan.release);
        self.step(Step::Starting);
        let desk = self.clone();
        spawn_local(async move {
            match desk.begin_operation(&path, &body).await {
                Ok(()) => {}
                Err(Fault::Unreachable) => desk.fail(Stop::Sentence(
                    "The bridge does not answer, so it is not known whether this has begun. Look into Releases before \
                     you try again."
                        .to_owned(),
                )),
                Err(fault) => desk.fail(fault.into()),
            }
        });
    }

    async fn plan_apply(&self) -> Result<Planned, Stop> {
        // The preview may be for another cluster, or for none: what is sent is always for this one, as it is now.
        let cluster = cluster_of(&*self.learn_capabilities().await?);
        // Whatever is edited from here on makes the plan stale.
        let state = self.state();
        let environment = state.environments.chosen();
        let (namespace, release) = (environment.namespace.clone(), environment.release_name.clone());
        let checked = wire::check_namespace(&namespace).and_then(|()| wire::check_release(&release));
        checked.map_err(|sentence| Stop::Sentence(sentence.to_owned()))?;
        let bridge = &self.0.line.bridge;
        let current =
            match bridge.get::<ReleaseState>(&format!("/v1/namespaces/{namespace}/releases/{release}")).await
            {
                Ok(state) => Some(state),
                Err(fault) if fault.code() == Some(Code::NotFound) => None,
                Err(fault) => return Err(fault.into()),
            };
        let last = current.as_ref().map(|current| &current.release.last);
        let (revision, is_upgrade) = turn(last);
        let chart = state.outcome.chart.as_ref().map(|chart| chart.name.clone());

        let id = self.0.line.review.get() + 1;
        self.0.line.review.set(id);
        let mut rounds = Rounds::default();
        let (mut answers, mut session, mut as_of) = (Vec::new(), None::<String>, None);
        let (reviewed, body) = loop {
            let review = Review {
                id,
                revision,
                is_upgrade,
                cluster: cluster.clone(),
                answers: std::mem::take(&mut answers),
            };
            let (reviewed, body) = self.round(review).await?;
            match rounds.after_render(&reviewed.asked) {
                Next::Done => break (reviewed, body),
                Next::GiveUp(sentence) => return Err(Stop::Sentence(sentence)),
                Next::Ask(questions) => {
                    let secrets = rounds.needs_consent(&questions);
                    if !secrets.is_empty() {
                        let may_read = self.ask_consent(secrets.clone()).await?;
                        rounds.decide(&secrets, may_read);
                    }
                    self.step(Step::Busy(format!("Looking up {}", count(questions.len(), "object"))));
                    let mut results = Vec::new();
                    let limit = self.state().cluster.session().and_then(|session| session.limits.clone());
                    let limit = limit.map_or(BATCH, |limits| limits.lookup_batch.max(1) as usize);
                    for items in rounds.batch(&questions).chunks(limit) {
                        let lookup =
                            Lookup { session: session.clone(), chart: chart.clone(), items: items.to_vec() };
                        let answer: LookupAnswer = bridge.post("/v1/lookup", &lookup, None).await?;
                        session = Some(answer.session);
                        as_of.get_or_insert(answer.as_of);
                        results.extend(answer.results);
                    }
                    answers = rounds.take(&questions, results);
                    self.step(Step::Busy("Rendering with what the cluster holds".to_owned()));
                }
            }
        };
        if let Some(problem) = reviewed.problem {
            return Err(Stop::Problem(problem));
        }
        let mut body = String::from_utf8(body)
            .map_err(|_| Stop::Sentence("The renderer wrote something that is no text.".to_owned()))?;
        if let Some(sha256) = self.archive_sha256().await
            && self.state().outcome.submitted == state.outcome.submitted
        {
            body = with_archive(&body, &sha256);
        }
        let submitted =
            Submitted { body: body.into(), expected_revision: last.map_or(0, |last| last.revision), session };
        let denied = rounds.denied(&reviewed.asked);

        self.step(Step::Busy("Asking the cluster what would change".to_owned()));
        let options = self.state().deploy.options();
        let denied_names: Vec<String> = denied.iter().map(|(name, _)| name.clone()).collect();
        let request = submitted.plan(&namespace, &release, &denied_names, &options);
        let plan = bridge.post_text::<Plan>("/v1/plans", &request, None).await?;
        self.0.line.submitted.replace(Some(submitted));
        Ok(Planned {
            plan,
            decided: Vec::new(),
            revision: Some(state.outcome.submitted),
            options,
            read: reviewed.asked.iter().map(describe).collect(),
            as_of,
            before: last.map(chart_of),
            denied,
            at_ms: crate::hooks::now_ms(),
        })
    }

    /// One render in the worker.
    async fn round(&self, review: Review) -> Result<Round, Stop> {
        let (giver, round) = reply();
        self.0.line.round.replace(Some(giver));
        self.with_client(|client: &Client| client.review(review));
        round.await.ok_or_else(|| Stop::Sentence("The renderer stopped. Review again.".to_owned()))
    }

    async fn ask_consent(&self, secrets: Vec<Question>) -> Result<bool, Stop> {
        let (giver, consent) = reply();
        self.0.line.consent.replace(Some(giver));
        self.step(Step::Asking(secrets));
        consent.await.ok_or_else(|| Stop::Sentence("The review was stopped.".to_owned()))
    }

    pub(super) fn step(&self, step: Step) {
        self.deploy(DeployAction::Step(step));
    }

    pub(crate) fn deploy(&self, action: DeployAction) {
        self.send(Action::Deploy(action));
    }
}

impl Planned {
    fn denied_names(&self) -> Vec<String> {
        self.denied.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The body with the digest of the archive in its chart, which stands in front of all that a chart or a person wrote.
fn with_archive(body: &str, sha256: &str) -> String {
    body.replacen("\"chart\":{", &format!("\"chart\":{{\"archiveSha256\":\"{sha256}\","), 1)
}

/// Name and version of a revision's chart.
fn chart_of(revision: &RevisionSummary) -> (String, String) {
    (revision.chart.clone(), revision.chart_version.clone())
}

/// The body of a request for a plan.
fn plan_of_rollback(name: &Name, to_revision: u32, options: &ApplyOptions) -> String {
    let rollback = Rollback {
        to_revision,
        expected_revision: None,
        plan_id: None,
        accept_mismatch: false,
        options: options.clone(),
    };
    let request = PlanRequest {
        namespace: name.namespace.clone(),
        release: name.name.clone(),
        subject: PlanSubject::Rollback(rollback),
    };
    // Names, numbers and maps of them always have a JSON form.
    serde_json::to_string(&request).unwrap_or_default()
}

impl Submitted {
    /// The body of a request for a plan.
    fn plan(&self, namespace: &str, release: &str, denied: &[String], options: &ApplyOptions) -> String {
        let apply = self.with(denied, options, None);
        // An apply is a subject of its own kind: the word goes in front of its first field.
        let subject = format!("{{\"kind\":\"apply\",{}", apply.get(1..).unwrap_or_default());
        format!("{{\"namespace\":{},\"release\":{},\"subject\":{subject}}}", json!(namespace), json!(release))
    }

    /// The body of an apply: the bytes that were rendered, and what was decided about them.
    fn with(&self, denied: &[String], options: &ApplyOptions, plan: Option<&str>) -> String {
        let mut lookups = BTreeMap::new();
        if let Some(session) = &self.session {
            lookups.insert("session", json!(session));
        }
        if !denied.is_empty() {
            lookups.insert("denied", json!(denied));
        }
        let mut rest = json!({
            "mode": "auto",
            "expectedRevision": self.expected_revision,
            "lookups": lookups,
            "options": options,
        });
        if let Some(plan) = plan {
            rest["planId"] = json!(plan);
        }
        let rest = rest.to_string();
        let body = self.body.strip_suffix('}').unwrap_or(&self.body);
        format!("{body},{}", rest.get(1..).unwrap_or_default())
    }
}

fn count(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_the_archive_goes_into_the_chart_and_nowhere_else() {
        let body =
            r#"{"world":"exact","chart":{"metadata":{"name":"c"}},"config":{"chart":{}},"documents":[]}"#;
        let sent = Submitted { body: with_archive(body, "ab").into(), expected_revision: 1, session: None };
        let apply = sent.with(&[], &ApplyOptions::default(), None);
        let apply: wire::Apply = serde_json::from_str(&apply).expect("an apply");
        assert_eq!(apply.chart.archive_sha256.as_deref(), Some("ab"));
        assert_eq!(apply.chart.metadata["name"], "c");
        assert_eq!(serde_json::to_string(&apply.config).expect("JSON"), r#"{"chart":{}}"#);
    }
}
