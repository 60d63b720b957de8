//! Pages of help. They are our own; the flags are Helm's.

use crate::known::{Flag, GLOBAL, HELP, Kind};
use crate::verbs::{Does, VERBS, Verb};

/// The page that `words` lead to: names of groups and a command. Words behind those are no matter.
pub(crate) fn page<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut verbs = VERBS;
    let mut names = vec!["chartroom"];
    let mut about = "Renders, checks and packages Helm charts as helm v4.3.1 does, without a cluster and without a network.";
    for word in words {
        let Some(verb) = verbs.iter().find(|verb| verb.names.contains(&word)) else { break };
        names.push(verb.names[0]);
        about = verb.about;
        match &verb.does {
            Does::Group(inner) => verbs = inner,
            Does::Run { usage, flags, .. } => return command(verb, &names, usage.1, flags),
        }
    }
    let mut page = format!("{about}\n\nUsage:\n  {} COMMAND [flags]\n\nCommands:\n", names.join(" "));
    for verb in verbs {
        page.push_str(&format!("  {:<12}{}\n", verb.names[0], verb.about));
    }
    page.push_str(&format!("\n`{} COMMAND --help` tells more of one.\n", names.join(" ")));
    page
}

fn command(verb: &Verb, names: &[&str], arguments: &str, flags: &[&[Flag]]) -> String {
    let space = if arguments.is_empty() { "" } else { " " };
    let mut page = format!("{}\n\nUsage:\n  {}{space}{arguments} [flags]\n", verb.about, names.join(" "));
    if let [name, others @ ..] = verb.names
        && !others.is_empty()
    {
        page.push_str(&format!("\nAliases:\n  {name}, {}\n", others.join(", ")));
    }
    let mut own: Vec<&Flag> =
        flags.iter().copied().flatten().filter(|flag| flag.deprecated.is_none()).collect();
    own.sort_unstable_by_key(|flag| flag.name);
    page.push_str("\nFlags:\n");
    own.into_iter().for_each(|flag| page.push_str(&line(flag)));
    page.push_str("\nFlags of every command:\n");
    [&HELP].into_iter().chain(GLOBAL).for_each(|flag| page.push_str(&line(flag)));
    page.push_str(
        "\nThe flags are helm's. Those that are about a cluster, a network or a log change nothing here.\n",
    );
    page
}

fn line(flag: &Flag) -> String {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let takes = match flag.kind {
        Kind::Bool | Kind::DryRun | Kind::Wait => "",
        Kind::Duration => " DURATION",
        Kind::Float | Kind::Int | Kind::Uint => " NUMBER",
        Kind::List => " LIST",
        Kind::Pairs => " KEY=VALUE",
        Kind::PostRenderer => " NAME",
        Kind::Text => " TEXT",
        Kind::Texts => " TEXT ...",
    };
    format!("  {short}--{}{takes}\n", flag.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_what_there_is() {
        assert!(page([]).contains("\n  dependency  "));
        assert!(page(["dep"]).contains("chartroom dependency COMMAND"));
        let package = page(["package", "x"]);
        assert!(package.contains("chartroom package [CHART_PATH] [...] [flags]"));
        assert!(package.contains("\n  -u, --dependency-update\n") && package.contains("--version TEXT\n"));
        assert!(page(["show", "values"]).contains("--jsonpath TEXT"));
        assert!(page(["dependency", "update"]).contains("Aliases:\n  update, up\n"));
        assert_eq!(page(["nothing"]), page([]));
    }
}
