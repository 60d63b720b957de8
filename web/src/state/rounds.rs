//! The lookup fix-point: render, collect what was asked, ask the cluster in one batch, render again.
//!
//! A chart may ask with what it found, so a round can ask something new; six rounds and 256 questions are the limit.

use std::collections::{BTreeMap, BTreeSet};

use wire::{LookupItem, LookupOutcome, LookupResult};

use crate::worker::protocol::{Answer, Answered, Question};

/// Renders of one review.
pub const ROUNDS: u32 = 6;
/// Questions of one review.
pub const QUESTIONS: usize = 256;

/// What one review asked and heard so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rounds {
    rendered: u32,
    known: BTreeSet<Question>,
    /// Secrets that the person let the chart read, or not.
    decided: BTreeMap<Question, bool>,
    /// What was refused, and why.
    denied: BTreeMap<Question, String>,
}

/// What to do after a render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask the cluster, then render again.
    Ask(Vec<Question>),
    /// Nothing new was asked: this render is the one.
    Done,
    /// There is no end in sight: why.
    GiveUp(String),
}

impl Rounds {
    /// Takes what a render asked.
    pub fn after_render(&mut self, asked: &[Question]) -> Next {
        self.rendered += 1;
        let missing: Vec<Question> =
            asked.iter().filter(|question| !self.known.contains(question)).cloned().collect();
        if missing.is_empty() {
            return Next::Done;
        }
        if self.rendered >= ROUNDS {
            return Next::GiveUp(format!(
                "After {ROUNDS} renders the chart still looks up something new ({}). It cannot be deployed from here.",
                describe(&missing[0])
            ));
        }
        if self.known.len() + missing.len() > QUESTIONS {
            return Next::GiveUp(format!(
                "The chart looks up more than {QUESTIONS} things. It cannot be deployed from here."
            ));
        }
        Next::Ask(missing)
    }

    /// Secrets among these that the person has not decided on. The bridge never reads lists of them.
    pub fn needs_consent(&self, questions: &[Question]) -> Vec<Question> {
        questions
            .iter()
            .filter(|question| is_secret(question) && !self.decided.contains_key(question))
            .cloned()
            .collect()
    }

    /// The person decided whether the chart may read these Secrets.
    pub fn decide(&mut self, questions: &[Question], may_read: bool) {
        self.decided.extend(questions.iter().map(|question| (question.clone(), may_read)));
    }

    /// What the cluster is asked; Secrets that the person refused are not asked for at all.
    pub fn batch(&self, questions: &[Question]) -> Vec<LookupItem> {
        let is_refused = |question: &&Question| self.decided.get(*question) != Some(&false);
        questions
            .iter()
            .filter(is_refused)
            .map(|question| LookupItem {
                api_version: question.api_version.clone(),
                kind: question.kind.clone(),
                namespace: question.namespace.clone(),
                name: question.name.clone(),
                approved: self.decided.get(question) == Some(&true),
            })
            .collect()
    }

    /// Takes the cluster's answers to `questions` and gives what the next render is told of each.
    pub fn take(&mut self, questions: &[Question], results: Vec<LookupResult>) -> Vec<Answered> {
        let mut answered = Vec::new();
        let mut heard: BTreeMap<Question, LookupOutcome> = results
            .into_iter()
            .map(|LookupResult { item, outcome }| {
                let LookupItem { api_version, kind, namespace, name, .. } = item;
                (Question { api_version, kind, namespace, name }, outcome)
            })
            .collect();
        for question in questions {
            self.known.insert(question.clone());
            let answer = match heard.remove(question) {
                Some(LookupOutcome::Found { object, .. }) => Answer::Objects(object.to_string()),
                Some(LookupOutcome::Absent) => Answer::Nothing,
                Some(LookupOutcome::Failed { problem }) => Answer::Failed(problem.detail),
                Some(LookupOutcome::Denied { reason }) => self.deny(question, reason),
                Some(LookupOutcome::ConsentNeeded) | None => {
                    self.deny(question, "you did not allow it".to_owned())
                }
            };
            answered.push(Answered { question: question.clone(), answer });
        }
        answered
    }

    /// What the last render used although it was refused, with the reason of each.
    pub fn denied(&self, asked: &[Question]) -> Vec<(String, String)> {
        let denied = asked.iter().filter_map(|question| Some((question, self.denied.get(question)?)));
        denied.map(|(question, reason)| (describe(question), reason.clone())).collect()
    }

    fn deny(&mut self, question: &Question, reason: String) -> Answer {
        self.denied.insert(question.clone(), reason);
        Answer::Nothing
    }
}

/// Whether it is one Secret; lists are refused by the bridge without asking.
fn is_secret(question: &Question) -> bool {
    question.api_version == "v1" && question.kind == "Secret" && !question.name.is_empty()
}

/// `Secret/shop/db`; `*` for all.
pub fn describe(question: &Question) -> String {
    let name = if question.name.is_empty() { "*" } else { &question.name };
    match question.namespace.as_str() {
        "" => format!("{}/{name}", question.kind),
        namespace => format!("{}/{namespace}/{name}", question.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: &str, name: &str) -> Question {
        Question { api_version: "v1".into(), kind: kind.into(), namespace: "shop".into(), name: name.into() }
    }

    fn result(question: &Question, outcome: &str) -> LookupResult {
        let item = format!(
            r#"{{"item":{{"apiVersion":"v1","kind":"{}","namespace":"shop","name":"{}"}},{outcome}}}"#,
            question.kind, question.name
        );
        serde_json::from_str(&item).expect("a result")
    }

    #[test]
    fn rounds_end_when_nothing_new_is_asked() {
        let mut rounds = Rounds::default();
        let (first, second) = (question("ConfigMap", "a"), question("ConfigMap", "b"));
        assert_eq!(rounds.after_render(std::slice::from_ref(&first)), Next::Ask(vec![first.clone()]));
        let found = result(&first, r#""outcome":"found","object":{"kind":"ConfigMap","data":{"next":"b"}}"#);
        let told = rounds.take(std::slice::from_ref(&first), vec![found]);
        assert!(matches!(&told[0].answer, Answer::Objects(json) if json.contains("next")));
        let asked = [first.clone(), second.clone()];
        assert_eq!(rounds.after_render(&asked), Next::Ask(vec![second.clone()]));
        let told = rounds.take(std::slice::from_ref(&second), vec![result(&second, r#""outcome":"absent""#)]);
        assert_eq!(told[0].answer, Answer::Nothing);
        assert_eq!(rounds.after_render(&asked), Next::Done);
        assert!(rounds.denied(&asked).is_empty());
    }

    #[test]
    fn a_chart_that_asks_for_ever_is_given_up() {
        let mut rounds = Rounds::default();
        for round in 1..ROUNDS {
            let asked = [question("ConfigMap", &round.to_string())];
            assert!(matches!(rounds.after_render(&asked), Next::Ask(_)));
            rounds.take(&asked, vec![]);
        }
        assert!(matches!(rounds.after_render(&[question("ConfigMap", "more")]), Next::GiveUp(_)));
        let many: Vec<_> = (0..=QUESTIONS).map(|n| question("ConfigMap", &n.to_string())).collect();
        assert!(matches!(Rounds::default().after_render(&many), Next::GiveUp(_)));
    }

    #[test]
    fn a_secret_is_read_only_when_the_person_agrees_and_a_refusal_is_remembered() {
        let mut rounds = Rounds::default();
        let (yes, no) = (question("Secret", "yes"), question("Secret", "no"));
        let asked = [no.clone(), yes.clone()];
        assert_eq!(rounds.needs_consent(&asked), asked);
        rounds.decide(std::slice::from_ref(&yes), true);
        rounds.decide(std::slice::from_ref(&no), false);
        assert!(rounds.needs_consent(&asked).is_empty());
        let batch = rounds.batch(&asked);
        assert_eq!(
            batch.iter().map(|item| (item.name.as_str(), item.approved)).collect::<Vec<_>>(),
            [("yes", true)]
        );
        rounds.take(&asked, vec![result(&yes, r#""outcome":"found","object":{}"#)]);
        assert_eq!(rounds.denied(&asked), [("Secret/shop/no".to_owned(), "you did not allow it".to_owned())]);
        assert!(rounds.denied(&[yes]).is_empty(), "what the last render no longer asks does not matter");
    }
}
