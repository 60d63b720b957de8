//! What may be sent to the cluster, whoever asks and wherever it comes from: a page, a stored revision, a hook.
//!
//! The gate sees objects as they will be sent, with the scope that the cluster's discovery gives their kind. It is the
//! bridge's own rule on top of the rights that the caller has in the cluster. Rules have names, which a refusal tells
//! and the command line takes: `--deny-kind privileged-pods`, `--allow-kind cluster-role`.

mod content;
mod pattern;
mod rule;

pub use pattern::{KindPattern, NamePattern};
pub use rule::Rule;

use wire::{Code, ObjectRef, Problem};

use crate::config::PolicyConfig;
use crate::object::Object;

/// Namespaces that start like this belong to the cluster itself.
const CLUSTERS_OWN: &str = "kube-";

/// Kinds that charts may look up without asking.
const LOOKUP_KINDS: [(&str, &str); 8] = [
    ("", "ConfigMap"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("networking.k8s.io", "Ingress"),
    ("storage.k8s.io", "StorageClass"),
];

/// The rules of one bridge.
#[derive(Clone, Debug)]
pub struct Policy {
    shared: bool,
    namespaces: Vec<NamePattern>,
    denied_namespaces: Vec<NamePattern>,
    /// Denied unless their name is listed in full.
    denied_by_default: Vec<NamePattern>,
    denied_kinds: Vec<KindPattern>,
    allowed_kinds: Vec<KindPattern>,
    denied_rules: Vec<Rule>,
    allowed_rules: Vec<Rule>,
    lookup_kinds: Vec<KindPattern>,
}

/// One object and whether its kind lives in namespaces, as discovery says.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// As it will be sent.
    pub object: &'a Object,
    /// Whether its kind lives in namespaces.
    pub namespaced: bool,
}

/// Whether a chart may look something up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupVerdict {
    /// It may.
    Allowed,
    /// It may, and gets names and labels alone.
    NamesOnly,
    /// Once the person has said yes to this object.
    Consent,
    /// It may not, for this reason.
    Denied(&'static str),
}

impl Default for Policy {
    /// What holds when the command line says nothing.
    fn default() -> Self {
        Self {
            shared: false,
            namespaces: Vec::new(),
            denied_namespaces: Vec::new(),
            denied_by_default: vec![NamePattern::starting(CLUSTERS_OWN)],
            denied_kinds: Vec::new(),
            allowed_kinds: Vec::new(),
            denied_rules: Vec::new(),
            allowed_rules: Vec::new(),
            lookup_kinds: LOOKUP_KINDS
                .iter()
                .map(|(group, kind)| KindPattern::exactly(group, kind))
                .collect(),
        }
    }
}

impl Policy {
    /// The rules that the command line asks for.
    ///
    /// # Errors
    /// A sentence that names the word that is no pattern and no rule.
    pub fn new(config: &PolicyConfig) -> Result<Self, String> {
        let names = |texts: &[String]| {
            texts.iter().map(|text| NamePattern::parse(text)).collect::<Result<Vec<_>, _>>()
        };
        let (denied_rules, denied_kinds) = rules_and_kinds(&config.deny_kinds)?;
        let (allowed_rules, allowed_kinds) = rules_and_kinds(&config.allow_kinds)?;
        if allowed_rules.contains(&Rule::HelmRecord) {
            return Err("helm-record cannot be allowed: a chart must not write release records".to_owned());
        }
        let mut policy = Self::default();
        for text in &config.lookup_kinds {
            let pattern = KindPattern::parse(text)?;
            if pattern.matches("", "Secret") {
                return Err(format!("--lookup-kind {text}: Secrets are asked for one by one"));
            }
            policy.lookup_kinds.push(pattern);
        }
        if let Some(own) = &config.own_namespace {
            policy.denied_by_default.push(NamePattern::parse(own)?);
        }
        Ok(Self {
            shared: config.shared,
            namespaces: names(&config.namespaces)?,
            denied_namespaces: names(&config.deny_namespaces)?,
            denied_kinds,
            allowed_kinds,
            denied_rules,
            allowed_rules,
            ..policy
        })
    }

    /// Whether all of `subjects` may be sent for a release that lives in `release_namespace`.
    ///
    /// Cost: linear in the objects.
    ///
    /// # Errors
    /// `policy-denied` with the first rule that was broken, a line for each rule, and every object that breaks one.
    pub fn check(&self, subjects: &[Subject<'_>], release_namespace: &str) -> Result<(), Problem> {
        let mut broken: Vec<(Rule, Option<ObjectRef>)> = Vec::new();
        if let Err(rule) = self.namespace(release_namespace) {
            broken.push((rule, None));
        }
        for subject in subjects {
            if let Some(rule) = self.broken_by(subject, release_namespace) {
                let mut object = subject.object.reference();
                object.namespace = subject
                    .namespaced
                    .then(|| effective_namespace(subject.object, release_namespace).to_owned());
                broken.push((rule, Some(object)));
            }
        }
        let Some((first, _)) = broken.first() else { return Ok(()) };
        let mut problem = Problem::new(Code::PolicyDenied, String::new());
        problem.rule = Some(first.id().to_owned());
        let mut told: Vec<Rule> = Vec::new();
        for (rule, _) in &broken {
            if !told.contains(rule) {
                told.push(*rule);
            }
        }
        problem.detail = told
            .iter()
            .map(|rule| {
                let objects: Vec<String> = broken
                    .iter()
                    .filter(|(other, _)| other == rule)
                    .map(|(_, object)| match object {
                        Some(object) => object.to_string(),
                        None => format!("the release's namespace {release_namespace}"),
                    })
                    .collect();
                let (shown, more) = objects.split_at(objects.len().min(5));
                let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
                format!("{}: {} ({}{more})", rule.id(), rule.sentence(), shown.join(", "))
            })
            .collect::<Vec<_>>()
            .join("\n");
        problem.objects = broken.into_iter().filter_map(|(_, object)| object).collect();
        Err(problem)
    }

    /// Whether anything may be written to the namespace `name`.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn namespace(&self, name: &str) -> Result<(), Rule> {
        let any = |patterns: &[NamePattern]| patterns.iter().any(|pattern| pattern.matches(name));
        let in_full = self.namespaces.iter().any(|pattern| pattern.is(name));
        if any(&self.denied_namespaces) || (any(&self.denied_by_default) && !in_full) {
            return Err(Rule::NamespaceDenied);
        }
        if !self.namespaces.is_empty() && !any(&self.namespaces) {
            return Err(Rule::NamespaceNotListed);
        }
        Ok(())
    }

    /// Whether a chart may look up `name` of this kind; an empty name means all of them.
    #[must_use]
    pub fn lookup(&self, api_version: &str, kind: &str, name: &str) -> LookupVerdict {
        let group = group(api_version);
        match (group, kind, name) {
            ("", "Secret", "") => {
                return LookupVerdict::Denied("Secrets are read one by one, never as a list.");
            }
            ("", "Secret", _) => return LookupVerdict::Consent,
            ("", "Node", _) => return LookupVerdict::NamesOnly,
            _ => {}
        }
        if self.lookup_kinds.iter().any(|pattern| pattern.matches(group, kind)) {
            return LookupVerdict::Allowed;
        }
        LookupVerdict::Denied("Charts may not look up this kind; --lookup-kind allows it.")
    }

    /// The rules in words, for the page.
    #[must_use]
    pub fn summary(&self) -> wire::Policy {
        let texts = |patterns: &[NamePattern]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
        let in_full = |pattern: &&NamePattern| !self.namespaces.contains(pattern);
        let mut denied_namespaces = texts(&self.denied_namespaces);
        denied_namespaces.extend(self.denied_by_default.iter().filter(in_full).map(ToString::to_string));
        let mut denied_kinds: Vec<String> = self.denied_kinds.iter().map(ToString::to_string).collect();
        denied_kinds
            .extend(Rule::ALL.iter().filter(|rule| self.enforces(**rule)).map(|rule| rule.id().to_owned()));
        wire::Policy {
            namespaces: texts(&self.namespaces),
            denied_namespaces,
            denied_kinds,
            lookup_kinds: self.lookup_kinds.iter().map(ToString::to_string).collect(),
        }
    }

    /// The first rule that an object breaks.
    fn broken_by(&self, subject: &Subject<'_>, release_namespace: &str) -> Option<Rule> {
        let object = subject.object;
        let (group, kind) = (group(object.api_version()), object.kind());
        if content::is_helm_record(group, object) {
            return Some(Rule::HelmRecord);
        }
        if self.denied_kinds.iter().any(|pattern| pattern.matches(group, kind)) {
            return Some(Rule::KindDenied);
        }
        let kind_allowed = self.allowed_kinds.iter().any(|pattern| pattern.matches(group, kind));
        let about = content::rules(group, object);
        for rule in &about {
            // A kind that was allowed by its name may still hold what was not.
            if self.enforces(*rule) && !(kind_allowed && rule.is_of_kind()) {
                return Some(*rule);
            }
        }
        if subject.namespaced {
            return self.namespace(effective_namespace(object, release_namespace)).err();
        }
        let rule_allowed = about.iter().any(|rule| rule.is_of_kind() && self.allowed_rules.contains(rule));
        if self.enforces(Rule::ClusterScoped) && !kind_allowed && !rule_allowed {
            return Some(Rule::ClusterScoped);
        }
        // Whoever writes a Namespace writes to it.
        if group.is_empty() && kind == "Namespace" {
            return self.namespace(object.name()).err();
        }
        None
    }

    /// Whether a rule is in force here.
    fn enforces(&self, rule: Rule) -> bool {
        let by_default = rule.always() || (self.shared && rule.when_shared());
        self.denied_rules.contains(&rule) || (by_default && !self.allowed_rules.contains(&rule))
    }
}

/// Where an object of a namespaced kind goes.
fn effective_namespace<'a>(object: &'a Object, release_namespace: &'a str) -> &'a str {
    match object.namespace() {
        "" => release_namespace,
        namespace => namespace,
    }
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Tells words that name a rule from patterns of kinds.
fn rules_and_kinds(words: &[String]) -> Result<(Vec<Rule>, Vec<KindPattern>), String> {
    let (mut rules, mut kinds) = (Vec::new(), Vec::new());
    for word in words {
        match Rule::named(word) {
            Some(rule) => rules.push(rule),
            None => kinds.push(KindPattern::parse(word)?),
        }
    }
    Ok((rules, kinds))
}

#[cfg(test)]
mod tests;
