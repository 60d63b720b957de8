//! What only a person decides about a plan: the questions that it raises, their answers, and what an earlier revision decided.

use serde_json::Value;
use wire::{Class, ConflictKind, FieldChoice, ObjectRef, Plan, PlannedObject};

/// One thing that only a person can decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Names it in [`Deploy::choices`](crate::state::Deploy::choices).
    pub key: String,
    /// The object.
    pub object: ObjectRef,
    /// `conflict`, `immutable`, `exists already`, `remembered`.
    pub badge: &'static str,
    /// The field, when it is about one.
    pub field: Option<String>,
    /// What is the matter.
    pub sentence: String,
    /// Ways to go.
    pub options: Vec<Choice>,
    /// The word that was chosen for an earlier revision, and holds until another is.
    pub remembered: Option<&'static str>,
}

/// One way to go.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its word.
    pub word: &'static str,
    /// What the person does.
    pub title: &'static str,
    /// The value that results.
    pub value: Option<String>,
    /// What follows from it.
    pub note: &'static str,
}

/// The decision about ownership is one for all objects.
pub(super) const ADOPT: &str = "adopt";

/// Everything that a plan needs decided, in its order.
pub fn decisions(plan: &Plan) -> Vec<Decision> {
    let mut found = Vec::new();
    for planned in &plan.objects {
        for conflict in &planned.conflicts {
            let owner = &conflict.owner.manager;
            let options: Vec<Choice> = conflict
                .advice
                .iter()
                .map(|choice| field_choice(*choice, &conflict.chart, &conflict.live))
                .collect();
            if options.is_empty() {
                continue;
            }
            let kind = match conflict.kind {
                ConflictKind::Autoscaler => "an autoscaler",
                ConflictKind::Controller => "a controller of the cluster",
                ConflictKind::Deployer => "another deployer",
                ConflictKind::Helm => "Helm",
                ConflictKind::Kubectl => "a person's tool",
                ConflictKind::Other => "another program",
            };
            found.push(Decision {
                key: format!("{} {}", planned.object, conflict.field),
                object: planned.object.clone(),
                badge: "conflict",
                field: Some(conflict.field.clone()),
                sentence: format!("belongs to `{owner}`, {kind}."),
                options,
                remembered: None,
            });
        }
        for decided in planned.decisions.iter().filter(|decided| decided.remembered) {
            let decision = remembered(&planned.object, decided);
            // Whoever owns the field now may be another: then it is a conflict again.
            if found.iter().all(|known| known.key != decision.key) {
                found.push(decision);
            }
        }
        if planned.recreate {
            let detail = planned.problem.as_ref().map_or("", |problem| problem.detail.as_str());
            found.push(Decision {
                key: format!("{} recreate", planned.object),
                object: planned.object.clone(),
                badge: "immutable",
                field: None,
                sentence: format!("cannot change in place. {detail}"),
                options: vec![Choice {
                    word: "recreate",
                    title: "Delete and create again",
                    value: None,
                    note: "What it runs or holds stops meanwhile",
                }],
                remembered: None,
            });
        }
    }
    let adopted: Vec<&PlannedObject> = plan
        .objects
        .iter()
        .filter(|planned| planned.class == Class::Adopt && planned.stands_in_the_way() && may_adopt(plan))
        .collect();
    if let Some(first) = adopted.first() {
        let others = match adopted.len() {
            1 => String::new(),
            n => format!(" So do {} others.", n - 1),
        };
        found.push(Decision {
            key: ADOPT.to_owned(),
            object: first.object.clone(),
            badge: "exists already",
            field: None,
            sentence: format!("exists and belongs to no release.{others}"),
            options: vec![Choice {
                word: ADOPT,
                title: "Take it over",
                value: None,
                note: "From then on it belongs to this release, and goes with it",
            }],
            remembered: None,
        });
    }
    found
}

/// Taking over is one word for all objects: it must not take those of other releases along.
fn may_adopt(plan: &Plan) -> bool {
    !plan.objects.iter().any(|planned| planned.class == Class::Foreign && planned.stands_in_the_way())
}

/// Whether the plan offers a way past what stands in this object's way.
pub(super) fn can_be_decided(plan: &Plan, planned: &PlannedObject) -> bool {
    match planned.class {
        Class::Adopt => may_adopt(plan),
        Class::Conflict => {
            !planned.conflicts.is_empty()
                && planned.conflicts.iter().all(|conflict| !conflict.advice.is_empty())
        }
        Class::Invalid => planned.recreate,
        _ => false,
    }
}

/// What was decided for an earlier revision: it holds without a word, and may be decided otherwise.
fn remembered(object: &ObjectRef, decided: &wire::Decision) -> Decision {
    let owner = decided.owner.as_ref().map(|owner| &owner.manager);
    let sentence = match (decided.choice, owner) {
        (FieldChoice::Yield, Some(owner)) => format!("was left to `{owner}`."),
        (FieldChoice::Yield, None) => "was left to its owner.".to_owned(),
        (_, Some(owner)) => format!("was taken for the chart, and `{owner}` sets it, too."),
        (_, None) => "was taken for the chart.".to_owned(),
    };
    let mut choices = vec![decided.choice];
    match decided.choice {
        FieldChoice::Yield => choices.push(FieldChoice::Force),
        // What nobody else owns cannot be left to anybody.
        _ if owner.is_some() => choices.push(FieldChoice::Yield),
        _ => {}
    }
    let options: Vec<Choice> = choices.into_iter().map(|choice| field_choice(choice, &None, &None)).collect();
    Decision {
        key: format!("{object} {}", decided.field),
        object: object.clone(),
        badge: "remembered",
        field: Some(decided.field.clone()),
        sentence,
        remembered: options.first().map(|option| option.word),
        options,
    }
}

fn field_choice(choice: FieldChoice, chart: &Option<Value>, live: &Option<Value>) -> Choice {
    let shown = |value: &Option<Value>| value.as_ref().map(|value| value.to_string());
    match choice {
        FieldChoice::Force => Choice {
            word: "force",
            title: "Take it",
            value: shown(chart),
            note: "Force this one field, nothing else",
        },
        FieldChoice::TakeOver => Choice {
            word: "take-over",
            title: "Take it over",
            value: shown(chart),
            note: "Its owner wrote it once; from now on the chart does",
        },
        FieldChoice::Yield => Choice {
            word: "yield",
            title: "Keep theirs",
            value: shown(live),
            note: "The chart lets go of this field",
        },
    }
}
