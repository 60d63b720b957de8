//! What `lookup` finds during a review: the answers that the page brought, and a list of all that was asked.
//!
//! Templates run to their end without waiting, so an answer that is not there yet is empty; the page asks the cluster and
//! renders again until a round asks nothing new.

use std::collections::{BTreeMap, BTreeSet};

use renderer::value::{List, Map, Text, Value};
use renderer::values::deep_copy;
use renderer::world::{Found, Lookup};
use serde_json::Value as Json;

use crate::worker::protocol::{Answer, Answered, Question};

/// Answers by question, and the questions of the round under way.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    review: u64,
    known: BTreeMap<Question, Found>,
    asked: BTreeSet<Question>,
    is_open: bool,
}

impl Lookups {
    /// A round begins. Answers of another review are forgotten.
    pub(crate) fn begin(&mut self, review: u64, answers: Vec<Answered>) {
        if self.review != review {
            self.known.clear();
            self.review = review;
        }
        self.known.extend(answers.into_iter().map(|answered| (answered.question, found(answered.answer))));
        self.asked.clear();
        self.is_open = true;
    }

    /// The round is over: what it asked.
    pub(crate) fn end(&mut self) -> Vec<Question> {
        self.is_open = false;
        std::mem::take(&mut self.asked).into_iter().collect()
    }

    /// What is known of this question. Outside of a review nothing is, as without a cluster.
    pub(crate) fn find(&mut self, lookup: &Lookup) -> Found {
        if !self.is_open {
            return Found::Nothing;
        }
        let text = |text: &Text| text.to_string_lossy().into_owned();
        let question = Question {
            api_version: text(&lookup.api_version),
            kind: text(&lookup.kind),
            namespace: text(&lookup.namespace),
            name: text(&lookup.name),
        };
        let answer = match self.known.get(&question) {
            // A template may change the map it is given; the next one gets the cluster's again.
            Some(Found::Objects(map)) => Found::Objects(deep_copy(map)),
            Some(answer) => answer.clone(),
            None => Found::Nothing,
        };
        self.asked.insert(question);
        answer
    }
}

fn found(answer: Answer) -> Found {
    match answer {
        Answer::Failed(sentence) => Found::Failed(sentence.into()),
        Answer::Nothing => Found::Nothing,
        Answer::Objects(json) => match serde_json::from_str(&json) {
            Ok(Json::Object(object)) => match value(Json::Object(object)) {
                Value::Map(map) => Found::Objects(map),
                _ => Found::Nothing,
            },
            Ok(_) => Found::Failed("the cluster answered with something that is no object".into()),
            Err(error) => Found::Failed(format!("the cluster's answer cannot be read: {error}").into()),
        },
    }
}

/// JSON as Kubernetes' client reads it: whole numbers are `int64`. The reader of the JSON allows 128 levels.
fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(is_true) => Value::Bool(is_true),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int64(whole),
            None => Value::Float64(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Str(text.into()),
        Json::Array(items) => Value::List(List::new(items.into_iter().map(value).collect())),
        Json::Object(entries) => {
            let map = Map::new();
            for (key, entry) in entries {
                map.insert(key, value(entry));
            }
            Value::Map(map)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(lookups: &mut Lookups, name: &str) -> Found {
        lookups.find(&Lookup {
            api_version: "v1".into(),
            kind: "Secret".into(),
            namespace: "shop".into(),
            name: name.into(),
            answer: Found::Nothing,
        })
    }

    fn answered(name: &str, answer: Answer) -> Answered {
        let question = Question {
            api_version: "v1".into(),
            kind: "Secret".into(),
            namespace: "shop".into(),
            name: name.into(),
        };
        Answered { question, answer }
    }

    #[test]
    fn answers_of_one_review_add_up_and_those_of_another_are_forgotten() {
        let mut lookups = Lookups::default();
        lookups.begin(1, vec![]);
        assert!(matches!(ask(&mut lookups, "a"), Found::Nothing));
        assert_eq!(lookups.end().len(), 1);
        lookups.begin(1, vec![answered("a", Answer::Objects("{\"n\":3}".into()))]);
        lookups.begin(1, vec![answered("b", Answer::Failed("no".into()))]);
        let Found::Objects(map) = ask(&mut lookups, "a") else { panic!("it is known") };
        assert!(matches!(map.get("n"), Some(Value::Int64(3))));
        map.insert("n", 4);
        let Found::Objects(map) = ask(&mut lookups, "a") else { panic!("it is known") };
        assert!(matches!(map.get("n"), Some(Value::Int64(3))), "what a template changed is its own");
        assert!(matches!(ask(&mut lookups, "b"), Found::Failed(_)));
        lookups.begin(2, vec![]);
        assert!(matches!(ask(&mut lookups, "a"), Found::Nothing));
    }

    #[test]
    fn outside_of_a_review_nothing_is_found_and_nothing_is_asked() {
        let mut lookups = Lookups::default();
        lookups.begin(1, vec![answered("a", Answer::Objects("{}".into()))]);
        lookups.end();
        assert!(matches!(ask(&mut lookups, "a"), Found::Nothing));
        assert!(lookups.end().is_empty());
    }
}
