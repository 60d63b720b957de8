//! `.Files`: the files of a chart that are neither templates nor metadata.
//!
//! Source: helm v4.3.1 `pkg/engine/files.go`.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use value::{Field, Kind, List, Map, MapType, Method, Object, Text, Type, Value};

use super::encoding::base64;
use super::glob::Glob;
use crate::chart::File;

/// Go's `engine.files`, a `map[string][]byte` with methods.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    files: Rc<BTreeMap<Rc<str>, Text>>,
    /// What `range`, `len` and `index` see.
    map: Map,
}

impl Files {
    /// The files of one chart; of two with the same name the later one counts.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = &'a File>) -> Self {
        Self::of(files.into_iter().map(|file| (file.name.clone(), file.data.clone())).collect())
    }

    fn of(files: BTreeMap<Rc<str>, Text>) -> Self {
        let map = Map::with_type(MapType::Bytes);
        for (name, data) in &files {
            map.insert(&**name, Value::Bytes(data.clone()));
        }
        Self { files: Rc::new(files), map }
    }

    fn get(&self, name: &Text) -> Text {
        name.as_str().and_then(|name| self.files.get(name)).cloned().unwrap_or_default()
    }

    fn glob(&self, pattern: &Text) -> Self {
        let glob = Glob::new(&pattern.to_string_lossy());
        let matching = self.files.iter().filter(|(name, _)| glob.matches(name));
        Self::of(matching.map(|(name, data)| (name.clone(), data.clone())).collect())
    }

    /// Base names and contents as YAML; where two base names are equal the later path counts (in Helm it is random).
    fn as_yaml(&self, content: impl Fn(&Text) -> Text) -> Text {
        let map = Map::with_type(MapType::Str);
        for (name, data) in self.files.iter() {
            let base = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            map.insert(base, content(data));
        }
        super::convert::to_yaml_text(&Value::Map(map)).unwrap_or_default()
    }

    fn lines(&self, name: &Text) -> List {
        let data = self.get(name);
        if data.is_empty() {
            return List::strings(Vec::<Text>::new());
        }
        let bytes = data.as_bytes();
        let end = bytes.len() - usize::from(bytes.ends_with(b"\n"));
        let mut lines = Vec::new();
        let mut start = 0;
        for line in bytes[..end].split(|byte| *byte == b'\n') {
            lines.push(data.slice(start..start + line.len()));
            start += line.len() + 1;
        }
        List::strings(lines)
    }
}

impl Object for Files {
    fn type_name(&self) -> &'static str {
        "engine.files"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Map(self.map.clone()))
    }

    fn field(&self, _: &str) -> Field {
        Field::Missing
    }

    fn method(&self, name: &str) -> Option<Method> {
        let files = self.clone();
        let text = |args: &[Value]| args.first().and_then(Value::as_text).cloned().unwrap_or_default();
        let one: &'static [Type] = &[Type::Str];
        Some(match name {
            "Get" => Method { params: one, call: Rc::new(move |args| Ok(files.get(&text(args)).into())) },
            "GetBytes" => {
                Method { params: one, call: Rc::new(move |args| Ok(Value::Bytes(files.get(&text(args))))) }
            }
            "Glob" => Method {
                params: one,
                call: Rc::new(move |args| Ok(Value::Object(Rc::new(files.glob(&text(args)))))),
            },
            "AsConfig" => {
                Method { params: &[], call: Rc::new(move |_| Ok(files.as_yaml(Text::clone).into())) }
            }
            "AsSecrets" => Method { params: &[], call: Rc::new(move |_| Ok(files.as_yaml(base64).into())) },
            "Lines" => Method { params: one, call: Rc::new(move |args| Ok(files.lines(&text(args)).into())) },
            _ => return None,
        })
    }

    fn json(&self) -> Option<Value> {
        Some(Value::Map(self.map.clone()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| other.files == self.files)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
