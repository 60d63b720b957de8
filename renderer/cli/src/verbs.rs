//! The commands: their names, arguments and flags.
//!
//! Source: helm v4.3.1 `pkg/cmd`.

use crate::flags::Given;
use crate::known::{CHART_PATH, EXPLAIN, FETCH, Flag, Kind, LINT, TEMPLATE, VALUES, flag, short};
use crate::{Failure, create, dependency, explain, lint, package, repo, show, template, verify, version};

/// What a command does with its flags.
pub(crate) type Command = fn(&Given) -> Result<(), Failure>;

/// Arguments that a command takes.
#[derive(Clone, Copy)]
pub(crate) enum Arity {
    /// Any number; the command counts itself.
    Any,
    /// So many or more.
    AtLeast(usize),
    /// So many or fewer.
    AtMost(usize),
    /// Just so many.
    Exactly(usize),
    /// None.
    None,
}

impl Arity {
    /// What is said of another number of arguments.
    ///
    /// Source: helm v4.3.1 `pkg/cmd/require/args.go`.
    pub(crate) fn complaint(self, n_arguments: usize) -> Option<String> {
        let some = |n: usize| if n == 1 { "1 argument".to_owned() } else { format!("{n} arguments") };
        match self {
            Self::Any => None,
            Self::AtLeast(n) => (n_arguments < n).then(|| format!("requires at least {}", some(n))),
            Self::AtMost(n) => (n_arguments > n).then(|| format!("accepts at most {}", some(n))),
            Self::Exactly(n) => (n_arguments != n).then(|| format!("requires {}", some(n))),
            Self::None => (n_arguments > 0).then(|| "accepts no arguments".to_owned()),
        }
    }
}

/// A command, or a group of commands.
pub(crate) struct Verb {
    /// Its name, and other names for it.
    pub(crate) names: &'static [&'static str],
    /// What it does, in a sentence.
    pub(crate) about: &'static str,
    pub(crate) does: Does,
}

/// What a [`Verb`] is.
pub(crate) enum Does {
    Group(&'static [Verb]),
    Run {
        /// The name with those of its groups, then the arguments, as the line of usage has them.
        usage: (&'static str, &'static str),
        arity: Arity,
        /// Flags besides those of every command.
        flags: &'static [&'static [Flag]],
        run: Command,
    },
}

/// The flags of each command, and how many arguments it takes.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        names: &["create"],
        about: "Makes a chart in a new directory, with what charts commonly have.",
        does: Does::Run {
            usage: ("create", "NAME"),
            arity: Arity::Exactly(1),
            flags: &[&[short("starter", 'p', Kind::Text), flag("chart-api-version", Kind::Text)]],
            run: create::run,
        },
    },
    Verb {
        names: &["dependency", "dep", "dependencies"],
        about: "Manages the charts that a chart depends on: what is declared, and what stands in charts/.",
        does: Does::Group(&[
            Verb {
                names: &["build"],
                about: "Fills charts/ with what the lock file says.",
                does: Does::Run {
                    usage: ("dependency build", "CHART"),
                    arity: Arity::AtMost(1),
                    flags: DEPENDENCY,
                    run: dependency::build,
                },
            },
            Verb {
                names: &["list", "ls"],
                about: "Lists what is declared, and how it stands.",
                does: Does::Run {
                    usage: ("dependency list", "CHART"),
                    arity: Arity::AtMost(1),
                    flags: &[&[flag("max-col-width", Kind::Uint)]],
                    run: dependency::list,
                },
            },
            Verb {
                names: &["update", "up"],
                about: "Fills charts/ with what is declared, and writes the lock file.",
                does: Does::Run {
                    usage: ("dependency update", "CHART"),
                    arity: Arity::AtMost(1),
                    flags: DEPENDENCY,
                    run: dependency::update,
                },
            },
        ]),
    },
    Verb {
        names: &["explain"],
        about: "Says what wrote lines and fields of the manifests, and of which values. Helm has no such command.",
        does: Does::Run {
            usage: ("explain", "[NAME] CHART"),
            // What it says without one is its own.
            arity: Arity::Any,
            flags: &[VALUES, CHART_PATH, TEMPLATE, EXPLAIN],
            run: explain::run,
        },
    },
    Verb {
        names: &["lint"],
        about: "Examines charts for what is wrong with them.",
        does: Does::Run {
            usage: ("lint", "PATH"),
            arity: Arity::AtLeast(1),
            flags: &[VALUES, LINT],
            run: lint::run,
        },
    },
    Verb {
        names: &["package"],
        about: "Packs charts into archives, and signs them.",
        does: Does::Run {
            usage: ("package", "[CHART_PATH] [...]"),
            arity: Arity::Any,
            flags: &[FETCH, PACKAGE],
            run: package::run,
        },
    },
    Verb {
        names: &["repo"],
        about: "Manages repositories of charts.",
        does: Does::Group(&[Verb {
            names: &["index"],
            about: "Writes the index of a directory with archives.",
            does: Does::Run {
                usage: ("repo index", "[DIR]"),
                arity: Arity::Exactly(1),
                flags: &[&[flag("json", Kind::Bool), flag("merge", Kind::Text), flag("url", Kind::Text)]],
                run: repo::index,
            },
        }]),
    },
    Verb {
        names: &["show", "inspect"],
        about: "Shows parts of a chart.",
        does: Does::Group(&[
            show_verb(
                &["all"],
                "Shows all that the other commands show.",
                ("show all", "[CHART]"),
                SHOW,
                show::all,
            ),
            show_verb(&["chart"], "Shows Chart.yaml.", ("show chart", "[CHART]"), SHOW, show::chart),
            show_verb(
                &["crds"],
                "Shows the custom resource definitions.",
                ("show crds", "[CHART]"),
                SHOW,
                show::crds,
            ),
            show_verb(
                &["readme"],
                "Shows the file that is called readme.",
                ("show readme", "[CHART]"),
                SHOW,
                show::readme,
            ),
            show_verb(
                &["values"],
                "Shows values.yaml, or what a path chooses in it.",
                ("show values", "[CHART]"),
                SHOW_VALUES,
                show::values,
            ),
        ]),
    },
    Verb {
        names: &["template"],
        about: "Renders a chart.",
        does: Does::Run {
            usage: ("template", "[NAME] [CHART]"),
            arity: Arity::AtLeast(1),
            flags: &[VALUES, CHART_PATH, TEMPLATE],
            run: template::run,
        },
    },
    Verb {
        names: &["verify"],
        about: "Checks the signature of an archive.",
        does: Does::Run {
            usage: ("verify", "PATH"),
            arity: Arity::Exactly(1),
            flags: &[&[flag("keyring", Kind::Text)]],
            run: verify::run,
        },
    },
    Verb {
        names: &["version"],
        about: "Prints which version this is, and which helm it is like.",
        does: Does::Run {
            usage: ("version", ""),
            arity: Arity::None,
            flags: &[&[flag("short", Kind::Bool), flag("template", Kind::Text)]],
            run: version::run,
        },
    },
];

const fn show_verb(
    names: &'static [&'static str],
    about: &'static str,
    usage: (&'static str, &'static str),
    flags: &'static [&'static [Flag]],
    run: Command,
) -> Verb {
    Verb { names, about, does: Does::Run { usage, arity: Arity::Exactly(1), flags, run } }
}

const SHOW: &[&[Flag]] = &[CHART_PATH, &[flag("devel", Kind::Bool)]];
const SHOW_VALUES: &[&[Flag]] = &[CHART_PATH, &[flag("devel", Kind::Bool), flag("jsonpath", Kind::Text)]];
const DEPENDENCY: &[&[Flag]] =
    &[FETCH, &[flag("keyring", Kind::Text), flag("skip-refresh", Kind::Bool), flag("verify", Kind::Bool)]];

const PACKAGE: &[Flag] = &[
    flag("app-version", Kind::Text),
    short("dependency-update", 'u', Kind::Bool),
    short("destination", 'd', Kind::Text),
    flag("key", Kind::Text),
    flag("keyring", Kind::Text),
    flag("passphrase-file", Kind::Text),
    flag("sign", Kind::Bool),
    flag("version", Kind::Text),
];
