//! What functions make of what is known of their arguments.
//!
//! Whatever is not named here gives a value made of all its arguments; in a text that is true of the bytes that did not bring
//! their own origins along.

use gotemplate::Mark;
use value::{Map, Origin, Text, Value, compare};

use super::Trace;
use super::nodes::text_origins;
use super::sets::{Flow, Set};

impl Trace {
    /// See [`gotemplate::Host::called`].
    pub(super) fn called(&mut self, name: &[u8], args: &[Value], marks: &[Mark], answer: &mut Value) -> Mark {
        let mut flow = self.flow_of_call(name, args, marks, answer);
        self.forget_seen();
        if let Value::Str(text) = answer {
            let own = match name {
                // The spaces of an indent are made of nothing.
                b"indent" | b"nindent" => Set::EMPTY,
                // What these copy says so itself.
                b"cat" | b"print" | b"printf" | b"println" | b"quote" | b"squote" => {
                    self.not_copied(args, marks, text)
                }
                _ => flow.data,
            };
            let filled = std::mem::take(text).filled(self.sets.origins(own));
            // What the bytes do not show has at least decided which bytes they are.
            let shown = self.sets.of_reads(filled.origins());
            if shown != flow.data {
                flow.control = self.sets.union(flow.control, flow.data);
            }
            if !filled.is_empty() {
                flow.data = Set::EMPTY;
            }
            *text = filled;
        }
        self.sets.mark(flow)
    }

    /// What the arguments were made of that are not texts which the answer shows.
    fn not_copied(&mut self, args: &[Value], marks: &[Mark], answer: &Text) -> Set {
        let shown = self.sets.of_reads(answer.origins());
        let mut rest = Set::EMPTY;
        for (value, mark) in args.iter().zip(marks) {
            let data = self.whole(value, *mark).data;
            let is_shown = matches!(value, Value::Str(_)) && self.sets.union(shown, data) == shown;
            if !is_shown {
                rest = self.sets.union(rest, data);
            }
        }
        rest
    }

    /// What has decided about texts among the arguments and cannot be told from the answer. A text shows who wrote its bytes, and
    /// so what decided about them.
    fn decided_unseen(&mut self, args: &[Value], answer: &Value) -> Set {
        let texts = || args.iter().filter(|value| value.as_text().is_some_and(Text::has_origin));
        match answer {
            Value::Str(text) => {
                // Most functions pass all of a text on.
                let mut shown: Vec<Origin> = text.origins().filter(|origin| origin.is_writer()).collect();
                shown.sort_unstable();
                let hidden = |origin: &Origin| origin.is_writer() && shown.binary_search(origin).is_err();
                let unseen = texts().flat_map(text_origins).filter(hidden);
                self.sets_of_writers(unseen)
            }
            _ => self.sets_of_writers(texts().flat_map(text_origins)),
        }
    }

    fn flow_of_call(&mut self, name: &[u8], args: &[Value], marks: &[Mark], answer: &mut Value) -> Flow {
        let mark = |index: usize| marks.get(index).copied().unwrap_or_default();
        match (name, args) {
            (b"default", [fallback, given, ..]) => self.chosen(&[(given, mark(1)), (fallback, mark(0))]),
            (b"coalesce", _) => {
                let pairs: Vec<(&Value, Mark)> = args.iter().zip(marks.iter().copied()).collect();
                self.chosen(&pairs)
            }
            (b"ternary", [_, _, Value::Bool(truth)]) => {
                let by = self.whole(&args[2], mark(2));
                let of = self.sets.flow(mark(usize::from(!truth)));
                self.sets.governed(of, by)
            }
            (b"required", [_, _]) => self.sets.flow(mark(1)),
            (b"get" | b"hasKey", [Value::Map(map), Value::Str(key)]) => {
                let by = self.whole(&args[1], mark(1));
                let of = self.sets.flow(mark(0));
                let found = map.get(key);
                let flow = self.entry_flow(map, key.as_bytes(), found.as_ref(), of);
                self.sets.governed(flow, by)
            }
            (b"index", [first, path @ ..]) => {
                let rest: Vec<(&Value, Mark)> = path.iter().zip(marks[1..].iter().copied()).collect();
                self.walk(first, mark(0), &rest).0
            }
            (b"dig", [path @ .., _, map]) => {
                let rest: Vec<(&Value, Mark)> = path.iter().zip(marks.iter().copied()).collect();
                let (flow, found) = self.walk(map, mark(args.len() - 1), &rest);
                if found {
                    return flow;
                }
                let fallback = self.sets.flow(mark(args.len() - 2));
                self.sets.governed(fallback, flow)
            }
            (b"set", [Value::Map(map), Value::Str(key), value]) => {
                self.put(map, key.as_bytes(), value, mark(2));
                self.sets.flow(mark(0))
            }
            (b"unset" | b"merge" | b"mustMerge" | b"mergeOverwrite" | b"mustMergeOverwrite", [_, ..]) => {
                self.sets.flow(mark(0))
            }
            (b"dict", _) => {
                if let Value::Map(map) = answer {
                    for (pair, marks) in args.chunks(2).zip(marks.chunks(2)) {
                        if let ([Value::Str(key), value], [_, mark]) = (pair, marks) {
                            self.put(map, key.as_bytes(), value, *mark);
                        }
                    }
                }
                Flow::default()
            }
            (b"list" | b"tuple", _) => {
                if let Value::List(list) = answer
                    && marks.iter().any(|mark| *mark != Mark::NONE)
                {
                    self.nodes.set_items(list, marks.to_vec());
                }
                Flow::default()
            }
            (b"deepCopy" | b"mustDeepCopy", [from]) => {
                self.copy_nodes(from, answer);
                self.sets.flow(mark(0))
            }
            (b"pick" | b"omit", [Value::Map(from), ..]) => {
                let of = self.sets.flow(mark(0));
                if let Value::Map(map) = answer {
                    for (key, value) in map.entries() {
                        let flow = self.entry_flow(from, key.as_bytes(), Some(&value), of);
                        let mark = self.sets.mark(flow);
                        self.nodes.set_entry(map, key.as_bytes(), mark);
                    }
                }
                Flow::default()
            }
            (b"first" | b"mustFirst", [Value::List(list)]) => {
                let of = self.sets.flow(mark(0));
                self.item_flow(list, 0, of)
            }
            (b"last" | b"mustLast", [Value::List(list)]) => {
                let of = self.sets.flow(mark(0));
                self.item_flow(list, list.len().saturating_sub(1), of)
            }
            (
                b"toYaml" | b"mustToYaml" | b"toYamlPretty" | b"toJson" | b"mustToJson" | b"toPrettyJson"
                | b"mustToPrettyJson" | b"toRawJson" | b"mustToRawJson",
                [value],
            ) => {
                let flow = self.sets.flow(mark(0));
                if let Value::Str(text) = answer {
                    *text = self.spread(value, flow, text);
                    // Each byte has what it comes from; what has nothing comes from nothing.
                    return Flow { data: Set::EMPTY, control: flow.control };
                }
                flow
            }
            (
                b"fromYaml" | b"fromYamlArray" | b"fromJson" | b"fromJsonArray" | b"mustFromJson",
                [Value::Str(text)],
            ) => {
                self.gather(text, answer);
                let whole = self.whole(&args[0], mark(0));
                let rest = self.sets.mark(whole);
                if self.nodes.set_rest(answer, rest) { Flow::default() } else { whole }
            }
            _ => {
                let mut flow = Flow::default();
                for (value, mark) in args.iter().zip(marks) {
                    let of = self.made_of(value, *mark);
                    flow = self.sets.join(flow, of);
                }
                let unseen = self.decided_unseen(args, answer);
                flow.control = self.sets.union(flow.control, unseen);
                flow
            }
        }
    }

    /// The first value that is not empty, or the last one; those before it have decided that.
    fn chosen(&mut self, values: &[(&Value, Mark)]) -> Flow {
        let mut by = Flow::default();
        for (index, (value, mark)) in values.iter().enumerate() {
            if compare::truth(value) || index + 1 == values.len() {
                let of = self.sets.flow(*mark);
                return self.sets.governed(of, by);
            }
            let of = self.whole(value, *mark);
            by = self.sets.join(by, of);
        }
        by
    }

    /// Follows keys and indices; says whether all of them were there, and otherwise what is known of the first that was not.
    fn walk(&mut self, start: &Value, mark: Mark, path: &[(&Value, Mark)]) -> (Flow, bool) {
        let mut at = start.underlying();
        let mut flow = self.sets.flow(mark);
        for (step, mark) in path {
            let by = self.whole(step, *mark);
            let next = match (&at, step) {
                (Value::Map(map), Value::Str(key)) => {
                    let found = map.get(key);
                    flow = self.entry_flow(map, key.as_bytes(), found.as_ref(), flow);
                    found
                }
                (Value::List(list), _) => {
                    let index = match step {
                        Value::Int(index) | Value::Int64(index) => usize::try_from(*index).ok(),
                        Value::Uint64(index) => usize::try_from(*index).ok(),
                        Value::Uint8(index) => Some(usize::from(*index)),
                        _ => None,
                    };
                    let found = index.and_then(|index| list.get(index).map(|item| (index, item.clone())));
                    if let Some((index, _)) = &found {
                        flow = self.item_flow(list, *index, flow);
                    }
                    found.map(|(_, item)| item)
                }
                _ => None,
            };
            flow = self.sets.governed(flow, by);
            match next {
                Some(next) => at = next.underlying(),
                None => return (flow, false),
            }
        }
        (flow, true)
    }

    /// Remembers what is known of an entry that templates put there.
    fn put(&mut self, map: &Map, key: &[u8], value: &Value, mark: Mark) {
        let mut flow = self.sets.flow(mark);
        if self.own_flow(value).is_some() {
            flow.data = Set::EMPTY;
        }
        let decided = self.decided();
        let placed = self.nodes.place_of(map.address()).is_some();
        if placed {
            flow.control = self.sets.union(flow.control, decided);
        }
        if placed || flow != Flow::default() {
            let mark = self.sets.mark(flow);
            self.nodes.set_entry(map, key, mark);
        }
    }

    /// Notes that all below a value was looked at.
    pub(super) fn note_subtree(&mut self, value: &Value) {
        let address = match value {
            Value::List(list) => list.address(),
            Value::Map(map) => map.address(),
            _ => return,
        };
        if let Some(place) = self.nodes.place_of(address) {
            self.note_read(place, true);
        }
    }
}
