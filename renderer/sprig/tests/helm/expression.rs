//! Just enough of the template language to call functions: literals, parentheses and pipes.

use gotemplate::{Body, Call, Failure, Fuel, FuncMap, Nobody};
use value::{Element, List, Map, MapType, Text, Type, Value};

struct Parser<'a> {
    functions: &'a FuncMap,
    rest: &'a str,
}

/// The value of a pipeline, or Go's sentence.
pub(crate) fn evaluate(functions: &FuncMap, text: &str) -> Result<Value, String> {
    let mut parser = Parser { functions, rest: text };
    let value = parser.pipeline()?;
    assert!(parser.rest.trim().is_empty(), "left over in {text}: {}", parser.rest);
    Ok(value)
}

impl Parser<'_> {
    fn pipeline(&mut self) -> Result<Value, String> {
        let mut value = self.command(None)?;
        while self.take("|") {
            value = self.command(Some(value))?;
        }
        Ok(value)
    }

    fn take(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn command(&mut self, last: Option<Value>) -> Result<Value, String> {
        self.rest = self.rest.trim_start();
        if !self.rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return self.operand();
        }
        let name = self.word();
        if matches!(name.as_str(), "true" | "false" | "nil") {
            return Ok(constant(&name));
        }
        let mut arguments = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() || self.rest.starts_with([')', '|']) {
                break;
            }
            arguments.push(self.operand()?);
        }
        arguments.extend(last);
        call(self.functions, &name, &arguments)
    }

    fn word(&mut self) -> String {
        let end =
            self.rest.find(|c: char| !(c.is_alphanumeric() || "_.+-".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn operand(&mut self) -> Result<Value, String> {
        if self.take("(") {
            let value = self.pipeline()?;
            assert!(self.take(")"), "no closing parenthesis before {}", self.rest);
            return Ok(value);
        }
        if self.rest.starts_with('"') {
            let end = (1..self.rest.len())
                .find(|&at| {
                    let slashes =
                        self.rest.as_bytes()[..at].iter().rev().take_while(|&&byte| byte == b'\\').count();
                    self.rest.as_bytes()[at] == b'"' && slashes.is_multiple_of(2)
                })
                .expect("a closing quote");
            let inner = crate::unescape(&self.rest[1..end]);
            self.rest = &self.rest[end + 1..];
            return Ok(Text::from(inner).into());
        }
        if let Some(rest) = self.rest.strip_prefix('`') {
            let (inner, rest) = rest.split_once('`').expect("a closing back quote");
            self.rest = rest;
            return Ok(inner.into());
        }
        let word = self.word();
        if word.starts_with(|first: char| first.is_ascii_alphabetic())
            && !matches!(word.as_str(), "true" | "false" | "nil")
        {
            return call(self.functions, &word, &[]);
        }
        Ok(constant(&word))
    }
}

fn constant(word: &str) -> Value {
    match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "nil" => Value::Nil,
        _ => match value::number::parse_int(word.as_bytes(), 0) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Float64(value::number::parse_float(word.as_bytes()).expect("a number")),
        },
    }
}

fn call(functions: &FuncMap, name: &str, arguments: &[Value]) -> Result<Value, String> {
    let func = functions.get(name).ok_or_else(|| format!("function {name:?} not defined"))?;
    let Body::Plain(body) = &func.body else { panic!("{name} is not plain") };
    let arguments: Vec<Value> = arguments
        .iter()
        .enumerate()
        .map(|(index, value)| {
            convert(func.params.get(index).copied().or(func.variadic).expect("a parameter"), value)
        })
        .collect();
    assert!(arguments.len() >= func.params.len(), "too few arguments for {name}");
    let (mut host, mut fuel) = (Nobody, Fuel::endless());
    body(&mut Call::new(&mut host, &mut fuel, false), &arguments).map_err(|failure| match failure {
        Failure::Error(message) => format!("error calling {name}: {message}"),
        Failure::Fail(message) => message.to_string(),
        Failure::OutOfFuel => "out of fuel".to_owned(),
    })
}

fn convert(to: Type, value: &Value) -> Value {
    match (to, value) {
        (Type::Float64, Value::Int(number)) => Value::Float64(*number as f64),
        (Type::Uint32, Value::Int(number)) => Value::Uint64(*number as u64),
        (Type::Dict, Value::Nil) => Map::nil(MapType::Any).into(),
        (Type::Dict, Value::Map(map)) => map.retyped(MapType::Any).into(),
        (Type::AnyList, Value::Nil) => List::nil(Element::Any).into(),
        (Type::Any, value) => value.clone(),
        (to, value) => {
            let fits = matches!(
                (to, value),
                (Type::Str, Value::Str(_))
                    | (Type::Bool, Value::Bool(_))
                    | (Type::Int, Value::Int(_))
                    | (Type::Int64, Value::Int64(_))
                    | (Type::Float64, Value::Float64(_))
                    | (Type::AnyList, Value::List(_))
                    | (Type::Named(_), Value::Object(_))
            );
            assert!(fits, "{value:?} is no {}", to.name());
            value.clone()
        }
    }
}
