//! Environments: a name and a stack of values files, with the release they are rendered for.

use crate::worker::protocol::{Settings, World};

/// A named stack of layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// What the chip says.
    pub name: String,
    /// Above `values.yaml`, weakest first.
    pub values_files: Vec<String>,
    /// `.Release.Name`.
    pub release_name: String,
    /// `.Release.Namespace`.
    pub namespace: String,
    /// Asked of the renderer as `--kube-version`; empty for Helm's default.
    pub kube_version: String,
}

/// The slice of the environments. There is always at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environments {
    list: Vec<Environment>,
    chosen: usize,
}

impl Default for Environments {
    fn default() -> Self {
        Environments { list: vec![environment(DEFAULT, &[], "release")], chosen: 0 }
    }
}

/// The environment of a chart that has no values files but its own.
const DEFAULT: &str = "default";

/// The order in which a change travels, as far as names tell it.
const ORDER: [&str; 20] = [
    "default",
    "local",
    "ci",
    "dev",
    "devel",
    "develop",
    "development",
    "test",
    "testing",
    "qa",
    "int",
    "integration",
    "uat",
    "stage",
    "staging",
    "preprod",
    "pre-prod",
    "prod",
    "production",
    "live",
];

/// What can happen to environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentsAction {
    /// Render for this one.
    Choose(usize),
    /// A new one with this values file, and choose it.
    New {
        /// What the chip says.
        name: String,
        /// Its values file, which exists by now.
        values_file: String,
    },
    /// The kube version of the chosen one.
    KubeVersion(String),
    /// The namespace of the chosen one.
    Namespace(String),
    /// The release name of the chosen one.
    ReleaseName(String),
}

impl Environments {
    /// The environments that the names of a chart's files tell: `values-<env>.yaml`, `values/<env>.yaml`,
    /// `deploy/values-<env>.yaml`, `environments/<env>.yaml`.
    pub fn detect(paths: &[String], chart_name: &str) -> Self {
        let mut list: Vec<Environment> = Vec::new();
        for path in paths {
            let Some(name) = environment_name(path) else { continue };
            match list.iter_mut().find(|environment| environment.name == name) {
                Some(environment) => environment.values_files.push(path.clone()),
                None => list.push(environment(name, &[path], chart_name)),
            }
        }
        put_in_order(&mut list);
        if list.is_empty() {
            list.push(environment(DEFAULT, &[], chart_name));
        }
        Environments { list, chosen: 0 }
    }

    /// As they were kept; a list without any becomes the default one.
    pub fn restored(list: Vec<Environment>, chosen: usize) -> Self {
        if list.is_empty() {
            return Environments::default();
        }
        Environments { chosen: chosen.min(list.len() - 1), list }
    }

    /// The chosen environment.
    pub fn chosen(&self) -> &Environment {
        // `chosen` is only ever set to a place in the list, and the list never becomes empty.
        &self.list[self.chosen.min(self.list.len() - 1)]
    }

    /// Its place.
    pub fn chosen_index(&self) -> usize {
        self.chosen
    }

    /// All of them, in order.
    pub fn list(&self) -> &[Environment] {
        &self.list
    }

    /// All names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.list.iter().map(|environment| environment.name.as_str()).collect()
    }

    /// Where the values file of a new environment would go: beside those of the others.
    ///
    /// # Errors
    /// A sentence when the name cannot be one.
    pub fn path_for(&self, name: &str) -> Result<String, String> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        {
            return Err("A name has letters, digits, `-`, `_` and `.`".to_owned());
        }
        if self.list.iter().any(|environment| environment.name == name) {
            return Err(format!("`{name}` exists already"));
        }
        let pattern = self.list.iter().find_map(|environment| {
            let path = environment.values_files.first()?;
            let at = path.rfind(environment.name.as_str())?;
            Some((path[..at].to_owned(), path[at + environment.name.len()..].to_owned()))
        });
        let (before, after) = pattern.unwrap_or_else(|| ("values-".to_owned(), ".yaml".to_owned()));
        Ok(format!("{before}{name}{after}"))
    }

    /// What the worker is asked for.
    pub fn settings(&self, set_aside: Vec<String>, world: World) -> Settings {
        let chosen = self.chosen();
        Settings {
            release_name: chosen.release_name.clone(),
            namespace: chosen.namespace.clone(),
            kube_version: Some(chosen.kube_version.clone()).filter(|version| !version.is_empty()),
            values_files: chosen.values_files.clone(),
            set_aside,
            world,
        }
    }

    /// Follows files that were renamed, forgets those that are gone, takes in new ones.
    pub(crate) fn follow(&mut self, paths: &[String], renamed: &[(String, String)]) {
        let chart_name = self.chosen().release_name.clone();
        for environment in &mut self.list {
            for path in &mut environment.values_files {
                if let Some((_, to)) = renamed.iter().find(|(from, _)| from == path) {
                    path.clone_from(to);
                }
            }
            environment.values_files.retain(|path| paths.contains(path));
        }
        let chosen = self.chosen().name.clone();
        self.list.retain(|environment| !environment.values_files.is_empty() || environment.name == DEFAULT);
        for path in paths {
            let Some(name) = environment_name(path) else { continue };
            if self.list.iter().any(|environment| environment.values_files.contains(path)) {
                continue;
            }
            match self.list.iter_mut().find(|environment| environment.name == name) {
                Some(environment) => environment.values_files.push(path.clone()),
                None => self.list.push(environment(name, &[path], &chart_name)),
            }
        }
        put_in_order(&mut self.list);
        if self.list.is_empty() {
            self.list.push(environment(DEFAULT, &[], &chart_name));
        }
        self.chosen = self.list.iter().position(|environment| environment.name == chosen).unwrap_or(0);
    }
}

fn environment(name: &str, paths: &[&String], chart_name: &str) -> Environment {
    Environment {
        name: name.to_owned(),
        values_files: paths.iter().map(|path| (*path).clone()).collect(),
        release_name: release_name(chart_name),
        namespace: "default".to_owned(),
        kube_version: String::new(),
    }
}

/// A chart's name as a release name: Helm takes at most 53 characters.
fn release_name(chart_name: &str) -> String {
    let short: String = chart_name.chars().take(53).collect();
    let trimmed = short.trim_end_matches(['-', '.']);
    if trimmed.is_empty() { "release".to_owned() } else { trimmed.to_owned() }
}

/// `dev` of `values-dev.yaml` and its like.
fn environment_name(path: &str) -> Option<&str> {
    let stem = path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".yml"))?;
    let name = stem
        .strip_prefix("values-")
        .or_else(|| stem.strip_prefix("values/"))
        .or_else(|| stem.strip_prefix("deploy/values-"))
        .or_else(|| stem.strip_prefix("environments/"))?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

fn put_in_order(list: &mut [Environment]) {
    list.sort_by_key(|environment| rank(&environment.name));
}

/// Known names by the way a change takes, others between development and production, by name.
fn rank(name: &str) -> (usize, String) {
    let middle = ORDER.iter().position(|known| *known == "uat").unwrap_or(0);
    let place = ORDER.iter().position(|known| known.eq_ignore_ascii_case(name)).unwrap_or(middle);
    (place, name.to_owned())
}

pub(crate) fn reduce(environments: &mut Environments, action: EnvironmentsAction) {
    let chosen = environments.chosen.min(environments.list.len() - 1);
    match action {
        EnvironmentsAction::Choose(index) => {
            if index < environments.list.len() {
                environments.chosen = index;
            }
        }
        EnvironmentsAction::New { name, values_file } => {
            // The file was made first, so `follow` may have found the environment already.
            if !environments.list.iter().any(|environment| environment.name == name) {
                let chart_name = environments.chosen().release_name.clone();
                environments.list.push(environment(&name, &[&values_file], &chart_name));
            }
            environments.chosen = environments.list.iter().position(|other| other.name == name).unwrap_or(0);
        }
        EnvironmentsAction::KubeVersion(version) => environments.list[chosen].kube_version = version,
        EnvironmentsAction::Namespace(namespace) => environments.list[chosen].namespace = namespace,
        EnvironmentsAction::ReleaseName(name) => environments.list[chosen].release_name = name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(paths: &[&str]) -> Environments {
        Environments::detect(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>(), "shop")
    }

    #[test]
    fn the_four_patterns_are_found_and_stand_in_the_order_of_a_change() {
        let environments = detect(&[
            "deploy/values-production.yaml",
            "environments/blue.yaml",
            "values-staging.yaml",
            "values.yaml",
            "values/dev.yaml",
            "charts/redis/values-dev.yaml",
            "environments/eu/west.yaml",
        ]);
        assert_eq!(environments.names(), ["dev", "blue", "staging", "production"]);
        assert_eq!(environments.list()[3].values_files, ["deploy/values-production.yaml"]);
    }

    #[test]
    fn a_chart_without_values_files_has_one_environment() {
        let environments = detect(&["Chart.yaml", "values.yaml"]);
        assert_eq!(environments.names(), ["default"]);
        assert!(environments.chosen().values_files.is_empty());
    }

    #[test]
    fn a_new_environment_gets_its_file_where_the_others_have_theirs() {
        let environments = detect(&["environments/dev.yaml"]);
        assert_eq!(environments.path_for("prod").unwrap(), "environments/prod.yaml");
        assert_eq!(detect(&["values.yaml"]).path_for("prod").unwrap(), "values-prod.yaml");
        assert!(environments.path_for("dev").is_err());
        assert!(environments.path_for("a b").is_err());
    }

    #[test]
    fn the_last_values_file_of_an_environment_takes_it_along() {
        let mut environments = detect(&["values-dev.yaml", "values-prod.yaml"]);
        reduce(&mut environments, EnvironmentsAction::Choose(1));
        environments.follow(&["values-dev.yaml".to_owned()], &[]);
        assert_eq!(environments.names(), ["dev"]);
        assert_eq!(environments.chosen().name, "dev");
        environments.follow(&[], &[]);
        assert_eq!(environments.names(), ["default"]);
    }

    #[test]
    fn a_file_that_comes_later_becomes_an_environment_and_the_choice_stays() {
        let mut environments = detect(&["values-prod.yaml"]);
        environments.follow(&["values-dev.yaml".to_owned(), "values-prod.yaml".to_owned()], &[]);
        assert_eq!(environments.names(), ["dev", "prod"]);
        assert_eq!(environments.chosen().name, "prod");
    }

    #[test]
    fn settings_are_those_of_the_chosen_one() {
        let mut environments = detect(&["values-dev.yaml", "values-prod.yaml"]);
        reduce(&mut environments, EnvironmentsAction::Choose(1));
        reduce(&mut environments, EnvironmentsAction::Namespace("live".into()));
        let settings = environments.settings(vec!["templates/x.yaml".into()], World::Preview);
        assert_eq!(settings.namespace, "live");
        assert_eq!(settings.values_files, ["values-prod.yaml"]);
        assert_eq!(settings.kube_version, None);
        assert_eq!(environments.list()[0].namespace, "default");
    }
}
