//! The desk's way to a cluster: who serves the page, signing in, what the cluster can do.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wire::{Capabilities, Code, Namespaces, Session, SessionExchange, SessionToken};

use crate::bridge::{Bridge, token};
use crate::hooks::Desk;
use crate::hooks::desk::review::Submitted;
use crate::hooks::reply::Giver;
use crate::hooks::task::Task;
use crate::state::Action;
use crate::state::cluster::{ClusterAction, Fault, Stage};
use crate::state::releases::ReleasesAction;
use crate::worker::protocol::{Cluster, Reviewed};
use crate::worker::queue::Edit;

/// What the worker gives for a round of a review: what it asked, and the body.
pub(super) type Round = (Reviewed, Vec<u8>);

/// What the desk keeps of the bridge besides its state. A task that is replaced ends.
#[derive(Default)]
pub(super) struct Line {
    pub(super) bridge: Bridge,
    pub(super) connecting: RefCell<Option<Task>>,
    pub(super) reviewing: RefCell<Option<Task>>,
    pub(super) following: RefCell<Option<Task>>,
    pub(super) asking: RefCell<Option<Task>>,
    /// Counts reviews.
    pub(super) review: Cell<u64>,
    /// Who waits for the worker's round.
    pub(super) round: RefCell<Option<Giver<Round>>>,
    /// Who waits for a person's word about Secrets.
    pub(super) consent: RefCell<Option<Giver<bool>>>,
    /// What was planned: the bytes that a deploy sends.
    pub(super) submitted: RefCell<Option<Submitted>>,
}

impl Desk {
    /// Uses what the address or this tab brings along. Without either, nobody is asked anything.
    pub(super) fn find_bridge(&self) {
        if let Some(code) = token::take_launch_code() {
            self.sign_in_with_code(code);
        } else if let Some(kept) = token::kept() {
            self.0.line.bridge.set_token(Some(kept));
            self.connect();
        }
    }

    /// Asks who serves this page.
    pub(crate) fn connect(&self) {
        let desk = self.clone();
        self.0.line.connecting.replace(Some(Task::spawn(async move { desk.learn_session().await })));
    }

    /// Trades a launch code for a session.
    pub(crate) fn sign_in_with_code(&self, code: String) {
        let desk = self.clone();
        self.cluster(ClusterAction::Asking);
        self.0.line.connecting.replace(Some(Task::spawn(async move {
            desk.set_token(None);
            let bridge = &desk.0.line.bridge;
            let found = async {
                let session: Session = bridge.get("/v1/session").await?;
                let exchange = SessionExchange { code };
                let token: SessionToken = bridge.post("/v1/session:exchange", &exchange, None).await?;
                if !session.strict {
                    token::keep(Some(&token.token));
                }
                desk.set_token(Some(token.token));
                Ok::<_, Fault>(())
            };
            match found.await {
                Ok(()) => desk.learn_session().await,
                Err(fault) => {
                    desk.say(crate::worker::protocol::Severity::Error, fault.sentence());
                    desk.learn_session().await;
                }
            }
        })));
    }

    /// Uses a Kubernetes token that the person typed. It stays in the memory of this tab.
    pub(crate) fn sign_in_with_token(&self, token: String) {
        self.set_token(Some(token));
        self.connect();
    }

    /// Forgets who the person is, and what was being planned for them.
    pub(crate) fn sign_out(&self) {
        self.0.line.reviewing.take();
        self.0.line.submitted.take();
        self.set_token(None);
        token::keep(None);
        self.connect();
    }

    /// From now on requests are of somebody else; what was being read for the last one is forgotten.
    fn set_token(&self, token: Option<String>) {
        self.0.line.asking.take();
        self.releases(ReleasesAction::Busy(None));
        self.0.line.bridge.set_token(token);
    }

    async fn learn_session(&self) {
        self.cluster(ClusterAction::Asking);
        let bridge = &self.0.line.bridge;
        let mut found = bridge.get::<Session>("/v1/session").await;
        let is_stranger = match &found {
            Ok(session) => !session.signed_in,
            Err(fault) => fault.code() == Some(Code::Unauthenticated),
        };
        let is_refused = is_stranger && bridge.has_token();
        if is_refused {
            bridge.set_token(None);
            token::keep(None);
            found = bridge.get("/v1/session").await;
        }
        match found {
            Ok(session) => self.cluster(ClusterAction::Session(Rc::new(session))),
            Err(fault) => self.cluster(ClusterAction::Shut(fault)),
        }
        if is_refused {
            self.cluster(ClusterAction::Refused);
        }
        if self.state().cluster.stage() != Stage::Connected {
            self.tell_cluster();
            return;
        }
        if let Err(fault) = self.learn_capabilities().await {
            self.say(crate::worker::protocol::Severity::Error, fault.sentence());
        }
        if let Ok(namespaces) = bridge.get::<Namespaces>("/v1/namespaces").await {
            self.cluster(ClusterAction::Namespaces(Rc::new(namespaces)));
        }
        self.watch_again().await;
        self.learn_interrupted().await;
    }

    /// What the cluster can do now. The preview follows, where it is for the cluster.
    pub(super) async fn learn_capabilities(&self) -> Result<Rc<Capabilities>, Fault> {
        let found: Rc<Capabilities> = Rc::new(self.0.line.bridge.get("/v1/capabilities").await?);
        if self.state().cluster.capabilities.as_ref().is_none_or(|known| known.etag != found.etag) {
            self.cluster(ClusterAction::Capabilities(found.clone()));
            self.tell_cluster();
        }
        Ok(found)
    }

    /// Renders for the cluster, or for what Helm knows without one.
    pub(crate) fn use_cluster(&self, is_used: bool) {
        self.cluster(ClusterAction::Use(is_used));
        self.tell_cluster();
    }

    /// Renders for the cluster that is known now. A chart that is opened later brings the cluster along.
    fn tell_cluster(&self) {
        if !self.state().files.paths.is_empty() {
            self.submit(vec![self.cluster_edit()]);
        }
    }

    /// What the worker is told of the cluster.
    pub(super) fn cluster_edit(&self) -> Edit {
        let state = self.state();
        let capabilities = state.cluster.capabilities.as_ref().filter(|_| state.cluster.is_used);
        Edit::Cluster(capabilities.map(|capabilities| Rc::new(cluster_of(capabilities))))
    }

    pub(super) fn cluster(&self, action: ClusterAction) {
        self.send(Action::Cluster(action));
    }
}

/// A cluster as the worker is told of it.
pub(super) fn cluster_of(capabilities: &Capabilities) -> Cluster {
    let version = capabilities.kube_version.clone();
    Cluster {
        version: (version.version, version.major, version.minor),
        api_versions: capabilities.api_versions.clone(),
    }
}
