//! Who serves this page, which cluster stands behind it, and whether renders are for that cluster.

use std::rc::Rc;

use wire::{Capabilities, Code, Mode, Namespaces, Problem, Session};

/// The slice of the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterState {
    /// What is known of the bridge.
    pub door: Door,
    /// What the cluster can do.
    pub capabilities: Option<Rc<Capabilities>>,
    /// Whether renders take the cluster's version and API versions.
    pub is_used: bool,
    /// The namespaces that the caller sees.
    pub namespaces: Option<Rc<Namespaces>>,
    /// Whether a token was just refused: who types it learns it beside the field.
    pub is_refused: bool,
    /// Whether anything was sent to a cluster since the page was loaded, or may have been.
    pub has_sent: bool,
}

/// What is known of the bridge.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Door {
    /// Nobody asked: nothing leaves the tab before a person wants it.
    #[default]
    Unasked,
    /// The question is on its way.
    Asking,
    /// Nobody that can deploy serves this page.
    Shut(Fault),
    /// A bridge.
    Bridge(Rc<Session>),
}

/// Why something did not come.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// No bridge answers here; the HTTP status of whoever did.
    NoBridge(u16),
    /// An answer that this page does not understand.
    Odd(String),
    /// The bridge says why.
    Refused(Box<Problem>),
    /// No answer at all.
    Unreachable,
}

impl Fault {
    /// What happened and what to do, in one or two sentences.
    pub fn sentence(&self) -> String {
        match self {
            Fault::NoBridge(_) => {
                "No bridge serves this page, so there is no cluster to deploy to. Start `kube-proxy-bridge` and open the \
                 address that it prints."
                    .to_owned()
            }
            Fault::Odd(text) => format!("The bridge gave an answer that this page does not understand: {text}"),
            Fault::Refused(problem) if problem.detail.is_empty() => format!("{}.", problem.title),
            Fault::Refused(problem) => format!("{}: {}", problem.title, problem.detail),
            Fault::Unreachable => {
                "The bridge does not answer. Nothing here is lost; start it again and go on.".to_owned()
            }
        }
    }

    /// The code, when the bridge gave one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Fault::Refused(problem) => Some(problem.code),
            _ => None,
        }
    }
}

/// How far a person is on the way to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody asked.
    Unasked,
    /// On its way.
    Asking,
    /// No bridge, or it does not answer.
    Alone,
    /// A bridge that only serves the page, or cannot reach its cluster.
    NoCluster,
    /// A bridge that knows nobody here yet.
    SignedOut,
    /// A cluster.
    Connected,
}

impl Stage {
    /// `data-state`.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Unasked => "unasked",
            Stage::Asking => "asking",
            Stage::Alone => "alone",
            Stage::NoCluster => "no-cluster",
            Stage::SignedOut => "signed-out",
            Stage::Connected => "connected",
        }
    }
}

/// What can happen to the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum ClusterAction {
    /// The question went out.
    Asking,
    /// The cluster's abilities.
    Capabilities(Rc<Capabilities>),
    /// Namespaces.
    Namespaces(Rc<Namespaces>),
    /// The token of this tab is nobody's, or no longer anybody's.
    Refused,
    /// The bridge answered.
    Session(Rc<Session>),
    /// It did not.
    Shut(Fault),
    /// Render for the cluster, or for Helm's defaults.
    Use(bool),
}

impl ClusterState {
    /// How far the person is.
    pub fn stage(&self) -> Stage {
        match &self.door {
            Door::Unasked => Stage::Unasked,
            Door::Asking => Stage::Asking,
            Door::Shut(_) => Stage::Alone,
            Door::Bridge(session) if session.mode == Mode::None => Stage::NoCluster,
            Door::Bridge(session) if !session.signed_in => Stage::SignedOut,
            Door::Bridge(session) => match &session.cluster {
                Some(cluster) if cluster.reachable => Stage::Connected,
                _ => Stage::NoCluster,
            },
        }
    }

    /// The bridge's word, once it spoke.
    pub fn session(&self) -> Option<&Session> {
        match &self.door {
            Door::Bridge(session) => Some(session),
            _ => None,
        }
    }

    /// What people call the cluster.
    pub fn name(&self) -> Option<&str> {
        let cluster = self.session()?.cluster.as_ref()?;
        Some(if cluster.name.is_empty() { &cluster.server } else { &cluster.name })
    }

    /// Whom it knows where; `None` without a connection. What was read for one is not another's.
    pub fn who(&self) -> Option<(&str, &str)> {
        let cluster = self.session()?.cluster.as_ref().filter(|_| self.stage() == Stage::Connected)?;
        Some((&cluster.server, &cluster.user))
    }

    /// Whether the bridge takes operations.
    pub fn may_write(&self) -> bool {
        self.stage() == Stage::Connected && self.session().is_some_and(|session| !session.read_only)
    }
}

pub(crate) fn reduce(cluster: &mut ClusterState, action: ClusterAction) {
    match action {
        ClusterAction::Asking => {
            if !matches!(cluster.door, Door::Bridge(_)) {
                cluster.door = Door::Asking;
            }
        }
        ClusterAction::Capabilities(capabilities) => {
            // The first time they are used at once: what is shown is then what would be deployed.
            cluster.is_used |= cluster.capabilities.is_none();
            cluster.capabilities = Some(capabilities);
        }
        ClusterAction::Namespaces(namespaces) => cluster.namespaces = Some(namespaces),
        ClusterAction::Refused => cluster.is_refused = true,
        ClusterAction::Session(session) => {
            cluster.is_refused = false;
            cluster.door = Door::Bridge(session);
            cluster.has_sent |= cluster.stage() == Stage::Connected;
            if cluster.stage() != Stage::Connected {
                cluster.capabilities = None;
                cluster.namespaces = None;
                cluster.is_used = false;
            }
        }
        ClusterAction::Shut(fault) => {
            *cluster =
                ClusterState { door: Door::Shut(fault), has_sent: cluster.has_sent, ..Default::default() }
        }
        ClusterAction::Use(is_used) => cluster.is_used = is_used && cluster.capabilities.is_some(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn session(json: &str) -> Rc<Session> {
        Rc::new(serde_json::from_str(json).expect("a session"))
    }

    pub(crate) const SIGNED_IN: &str = r#"{"apiVersion":1,"bridgeVersion":"0.1.0","mode":"local","signedIn":true,"cluster":{"name":"test",
        "context":"test","user":"admin","namespace":"default","server":"127.0.0.1:6443","tls":"verified","reachable":true}}"#;

    #[test]
    fn every_stage_of_the_way_has_its_word() {
        let mut cluster = ClusterState::default();
        assert_eq!(cluster.stage(), Stage::Unasked);
        reduce(&mut cluster, ClusterAction::Asking);
        assert_eq!(cluster.stage(), Stage::Asking);
        reduce(&mut cluster, ClusterAction::Shut(Fault::NoBridge(404)));
        assert_eq!(cluster.stage(), Stage::Alone);
        let none = session(r#"{"apiVersion":1,"bridgeVersion":"0.1.0","mode":"none"}"#);
        reduce(&mut cluster, ClusterAction::Session(none));
        assert_eq!(cluster.stage(), Stage::NoCluster);
        let stranger = session(r#"{"apiVersion":1,"bridgeVersion":"0.1.0","mode":"local"}"#);
        reduce(&mut cluster, ClusterAction::Session(stranger));
        assert_eq!(cluster.stage(), Stage::SignedOut);
        reduce(&mut cluster, ClusterAction::Session(session(SIGNED_IN)));
        assert_eq!(
            (cluster.stage(), cluster.name(), cluster.may_write()),
            (Stage::Connected, Some("test"), true)
        );
    }

    #[test]
    fn capabilities_are_used_when_they_come_and_can_be_switched_off() {
        let mut cluster = ClusterState::default();
        reduce(&mut cluster, ClusterAction::Session(session(SIGNED_IN)));
        let capabilities: Rc<Capabilities> = Rc::new(
            serde_json::from_str(
                r#"{"kubeVersion":{"version":"v1.36.3","major":"1","minor":"36"},"apiVersions":["v1"],
                    "helmVersion":"v4.3.1","etag":"a"}"#,
            )
            .expect("capabilities"),
        );
        reduce(&mut cluster, ClusterAction::Capabilities(capabilities.clone()));
        assert!(cluster.is_used);
        reduce(&mut cluster, ClusterAction::Use(false));
        reduce(&mut cluster, ClusterAction::Capabilities(capabilities));
        assert!(!cluster.is_used, "a person's choice stays");
        reduce(&mut cluster, ClusterAction::Shut(Fault::Unreachable));
        assert_eq!(cluster.capabilities, None);
        assert!(cluster.has_sent, "what was sent stays sent");
    }
}
