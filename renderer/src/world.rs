//! The world outside a render: time, randomness, names, the cluster. Nothing else reaches out.

use std::any::Any;

use sprig::outside::{self, Outside, Timestamp, ZoneAt};
use value::{Map, Text};

use crate::log::Log;

/// What a render may ask of the world.
///
/// The command line answers from the machine it runs on, the page from [`Preview`], so that nothing flickers while a person
/// types. Implementations must be cheap: a template can ask in a loop.
pub trait World: Outside {
    /// Whether the answers are those of the real world. Whoever says nothing is a preview.
    fn kind(&self) -> Kind {
        Kind::Preview
    }

    /// A template is about to run.
    fn begin(&mut self, template: &str) {
        let _ = template;
    }

    /// What `lookup` finds; nothing is all that Helm finds without a cluster.
    fn lookup(&mut self, question: &Lookup) -> Found {
        let _ = question;
        Found::Nothing
    }
}

/// Whether a result may be deployed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Kind {
    /// Real time and real randomness, as Helm has them.
    Exact,
    /// Time and randomness are made up, the same in every render.
    #[default]
    Preview,
}

impl Kind {
    /// `exact` or `preview`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Preview => "preview",
        }
    }
}

/// What a render asked the world: where nothing is set, a preview and the exact result are the same bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Asked {
    /// The time or a time zone.
    pub clock: bool,
    /// Objects of the cluster.
    pub cluster: bool,
    /// Addresses of hosts.
    pub names: bool,
    /// Random bytes.
    pub random: bool,
}

impl Asked {
    /// Whether anything was asked.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// A world, and what it was asked.
pub(crate) struct Heard<'a> {
    pub(crate) world: &'a mut dyn World,
    pub(crate) asked: Asked,
}

impl Outside for Heard<'_> {
    fn now(&mut self) -> Timestamp {
        self.asked.clock = true;
        self.world.now()
    }

    fn random(&mut self, bytes: &mut [u8]) {
        self.asked.random = true;
        self.world.random(bytes);
    }

    fn resolve_host(&mut self, name: &str) -> Option<String> {
        self.asked.names = true;
        self.world.resolve_host(name)
    }

    fn zone(&mut self, zone: &str, at_seconds: i64) -> Option<ZoneAt> {
        self.asked.clock = true;
        self.world.zone(zone, at_seconds)
    }

    fn announce(&mut self, what: &'static str) {
        self.world.announce(what);
    }
}

impl World for Heard<'_> {
    fn kind(&self) -> Kind {
        self.world.kind()
    }

    fn begin(&mut self, template: &str) {
        self.world.begin(template);
    }

    fn lookup(&mut self, question: &Lookup) -> Found {
        self.asked.cluster = true;
        self.world.lookup(question)
    }
}

/// `lookup`: an object, or the list of objects where `name` is empty.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// `apps/v1`.
    pub api_version: Text,
    /// `Deployment`.
    pub kind: Text,
    /// Namespace; empty for objects outside of namespaces, or for all.
    pub namespace: Text,
    /// Name; empty for a list.
    pub name: Text,
    /// The answer.
    pub answer: Found,
}

/// What `lookup` finds.
#[derive(Clone, Debug, Default)]
pub enum Found {
    /// The cluster cannot say; the template that asked stops with this sentence.
    Failed(Text),
    /// There is none: the template gets an empty map.
    #[default]
    Nothing,
    /// An object, or a list of objects with `items`.
    Objects(Map),
}

/// A function says something to Helm's log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Say {
    /// The line, taken by whoever keeps the log.
    pub(crate) log: Option<Log>,
}

/// Answers a question that a function puts; gives `false` for what nobody knows.
pub(crate) fn answer(world: &mut dyn World, log: &mut Vec<Log>, question: &mut dyn Any) -> bool {
    if let Some(lookup) = question.downcast_mut::<Lookup>() {
        lookup.answer = world.lookup(lookup);
    } else if let Some(say) = question.downcast_mut::<Say>() {
        log.extend(say.log.take());
    } else {
        return outside::answer(world, question);
    }
    true
}

/// A world in which every render gives the same: time stands still, and randomness is the same for each template.
///
/// What a preview shows is not what a deploy may use: whoever deploys renders again with a real world.
#[derive(Clone, Debug)]
pub struct Preview {
    now: Timestamp,
    seed: u64,
    state: u64,
}

impl Preview {
    /// A world that stands at `now`; another `seed` gives other random values.
    pub fn new(now: Timestamp, seed: u64) -> Self {
        Self { now, seed, state: seed }
    }
}

/// The start of 2026.
const PREVIEW_NOW: Timestamp = Timestamp { seconds: 1_767_225_600, nanoseconds: 0 };

impl Default for Preview {
    /// The world of the page until somebody asks for another.
    fn default() -> Self {
        Self::new(PREVIEW_NOW, 0)
    }
}

impl Outside for Preview {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    /// SplitMix64 (Steele, Lea, Flood, 2014): well spread, and by no means secret.
    fn random(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}

impl World for Preview {
    /// Each template starts from its own name, so that an edit of one does not change the random values of another.
    fn begin(&mut self, template: &str) {
        // FNV-1a, 64 bits.
        let hash = template.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.state = self.seed ^ hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_randomness_of_a_template_depends_on_its_name_alone() {
        let mut world = Preview::new(Timestamp::default(), 1);
        let mut draw = |template: &str| {
            world.begin(template);
            let mut bytes = [0; 12];
            world.random(&mut bytes);
            bytes
        };
        let first = draw("a.yaml");
        assert_ne!(first, draw("b.yaml"));
        assert_eq!(first, draw("a.yaml"));
    }
}
