//! Go's own functions of templates. `and` and `or` are compiled; `slice` is Sprig's.
//!
//! Source: go1.27 `text/template/funcs.go`.

use value::fmt::{display, is_print, sprint, sprintf, sprintln};
use value::{Element, Kind, Text, Type, Value, compare};

use crate::func::{Call, Failure};
use crate::unicode::decode;
use crate::vm::{Flags, INTERFACE, NO_VALUE, element_flags};

/// One of Go's own functions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Builtin {
    And,
    Call,
    Eq,
    Ge,
    Gt,
    Html,
    Index,
    Js,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Urlquery,
}

impl Builtin {
    /// The function of that name.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"and" => Self::And,
            b"call" => Self::Call,
            b"eq" => Self::Eq,
            b"ge" => Self::Ge,
            b"gt" => Self::Gt,
            b"html" => Self::Html,
            b"index" => Self::Index,
            b"js" => Self::Js,
            b"le" => Self::Le,
            b"len" => Self::Len,
            b"lt" => Self::Lt,
            b"ne" => Self::Ne,
            b"not" => Self::Not,
            b"or" => Self::Or,
            b"print" => Self::Print,
            b"printf" => Self::Printf,
            b"println" => Self::Println,
            b"urlquery" => Self::Urlquery,
            _ => return None,
        })
    }

    /// Fixed parameters, and the type of those that may follow.
    pub(crate) fn params(self) -> (&'static [Type], Option<Type>) {
        const ONE: &[Type] = &[Type::Any];
        const TWO: &[Type] = &[Type::Any, Type::Any];
        match self {
            Self::And | Self::Call | Self::Eq | Self::Index | Self::Or => (ONE, Some(Type::Any)),
            Self::Ge | Self::Gt | Self::Le | Self::Lt | Self::Ne => (TWO, None),
            Self::Html | Self::Js | Self::Print | Self::Println | Self::Urlquery => (&[], Some(Type::Any)),
            Self::Len | Self::Not => (ONE, None),
            Self::Printf => (&[Type::Str], Some(Type::Any)),
        }
    }

    /// Whether it sees values as they are, so that a nil in an interface differs from no value.
    pub(crate) fn takes_values(self) -> bool {
        !matches!(self, Self::Html | Self::Js | Self::Print | Self::Printf | Self::Println | Self::Urlquery)
    }
}

/// Calls `builtin` with converted arguments; `flags` say which came out of an interface. Gives the value and its flags.
///
/// # Errors
/// Go's sentence, and [`Failure::OutOfFuel`].
pub(crate) fn call(
    builtin: Builtin,
    call: &mut Call<'_>,
    args: &[Value],
    flags: &[Flags],
    callee: impl FnOnce() -> Text,
) -> Result<(Value, Flags), Failure> {
    let answer = match builtin {
        // Compiled to jumps.
        Builtin::And | Builtin::Or => Value::Nil,
        Builtin::Call => return Err(not_callable(&args[0], &callee())),
        Builtin::Eq => Value::Bool(any_equal(args)?),
        Builtin::Ge => Value::Bool(!failing(compare::lt(&args[0], &args[1]))?),
        Builtin::Gt => Value::Bool(!failing(compare::le(&args[0], &args[1]))?),
        Builtin::Html => Value::Str(escaped(call, args, html)?),
        Builtin::Index => return index(call, args),
        Builtin::Js => Value::Str(escaped(call, args, js)?),
        Builtin::Le => Value::Bool(failing(compare::le(&args[0], &args[1]))?),
        Builtin::Len => Value::Int(len(&args[0], flags[0])?),
        Builtin::Lt => Value::Bool(failing(compare::lt(&args[0], &args[1]))?),
        Builtin::Ne => Value::Bool(!failing(compare::eq(&args[0], &args[1]))?),
        Builtin::Not => Value::Bool(!compare::truth(&args[0])),
        Builtin::Print => Value::Str(metered(call, |meter| sprint(args, meter))?),
        Builtin::Printf => {
            let format = args[0].as_text().cloned().unwrap_or_default();
            Value::Str(metered(call, |meter| sprintf(&format, &args[1..], meter))?)
        }
        Builtin::Println => Value::Str(metered(call, |meter| sprintln(args, meter))?),
        Builtin::Urlquery => Value::Str(escaped(call, args, url_query)?),
    };
    Ok((answer, 0))
}

fn failing<T>(result: Result<T, Text>) -> Result<T, Failure> {
    result.map_err(Failure::Error)
}

/// Runs what grows with a chart's data, and pays for it.
pub(crate) fn metered(
    call: &mut Call<'_>,
    print: impl FnOnce(&mut dyn FnMut(usize) -> bool) -> Option<Text>,
) -> Result<Text, Failure> {
    print(&mut |bytes| call.charge(bytes as u64 / 8).is_ok()).ok_or(Failure::OutOfFuel)
}

fn not_callable(callee: &Value, name: &Text) -> Failure {
    match callee {
        Value::Nil => Failure::error("call of nil"),
        other => Failure::error(format!("non-function {name} of type {}", other.type_name())),
    }
}

fn any_equal(args: &[Value]) -> Result<bool, Failure> {
    if args.len() < 2 {
        return Err(Failure::error("missing argument for comparison"));
    }
    for other in &args[1..] {
        if failing(compare::eq(&args[0], other))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a pointer points to, and what is under a named type.
fn plain(value: &Value) -> Value {
    value.underlying()
}

/// The type's name with the pointer taken away, as errors have it after indirection.
fn pointed_type(value: &Value) -> &str {
    let name = value.type_name();
    if value.kind() == Kind::Ptr { name.trim_start_matches('*') } else { name }
}

fn len(value: &Value, flags: Flags) -> Result<i64, Failure> {
    let length = match plain(value) {
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Nil if flags & INTERFACE != 0 => return Err(Failure::error("len of nil pointer")),
        Value::Nil => return Err(Failure::error("reflect: call of reflect.Value.Type on zero Value")),
        _ => return Err(Failure::error(format!("len of type {}", pointed_type(value)))),
    };
    Ok(length as i64)
}

fn index(call: &mut Call<'_>, args: &[Value]) -> Result<(Value, Flags), Failure> {
    let mut item = args[0].clone();
    if item.is_nil() {
        return Err(Failure::error("index of untyped nil"));
    }
    let mut flags = 0;
    for index in &args[1..] {
        if item.is_nil() {
            return Err(Failure::error("index of nil pointer"));
        }
        (item, flags) = match plain(&item) {
            Value::Str(text) => {
                let at = position(index, text.len(), "string")?;
                (Value::Uint8(text.as_bytes()[at]), 0)
            }
            Value::Bytes(bytes) => {
                let at = position(index, bytes.len(), "slice")?;
                (Value::Uint8(bytes.as_bytes()[at]), 0)
            }
            Value::List(list) => {
                let at = position(index, list.len(), "slice")?;
                (list[at].clone(), if list.element() == Element::Any { INTERFACE } else { 0 })
            }
            Value::Map(map) => {
                let key = match index {
                    Value::Str(key) => key,
                    Value::Nil => return Err(Failure::error("value is nil; should be of type string")),
                    other => {
                        let message = format!("value has type {}; should be string", other.type_name());
                        return Err(Failure::error(message));
                    }
                };
                let found = map.get(key);
                call.saw(&map, key.as_bytes(), found.as_ref());
                let of = map.map_type();
                (found.unwrap_or_else(|| of.zero()), element_flags(of))
            }
            _ => return Err(Failure::error(format!("can't index item of type {}", pointed_type(&item)))),
        };
    }
    Ok((item, flags))
}

/// `indexArg`, and the panic of reflection at exactly the length.
fn position(index: &Value, len: usize, of: &str) -> Result<usize, Failure> {
    let at = match index.underlying() {
        Value::Int(at) | Value::Int64(at) => at,
        Value::Uint8(at) => i64::from(at),
        Value::Uint64(at) => at as i64,
        Value::Nil => return Err(Failure::error("cannot index slice/array with nil")),
        _ => {
            let message = format!("cannot index slice/array with type {}", index.type_name());
            return Err(Failure::error(message));
        }
    };
    match usize::try_from(at) {
        Ok(at) if at < len => Ok(at),
        Ok(at) if at == len => Err(Failure::error(format!("reflect: {of} index out of range"))),
        _ => Err(Failure::error(format!("index out of range: {at}"))),
    }
}

/// Joins the arguments as `print` does, and escapes.
fn escaped(call: &mut Call<'_>, args: &[Value], escape: fn(&[u8]) -> Vec<u8>) -> Result<Text, Failure> {
    let text = match args {
        [Value::Str(text)] => text.clone(),
        _ => {
            let printable: Vec<Value> = args.iter().map(printable).collect();
            metered(call, |meter| sprint(&printable, meter))?
        }
    };
    // No escape is longer than six bytes.
    call.charge_text(text.len() as u128)?;
    Ok(Text::derived(escape(text.as_bytes()), &[&text]))
}

/// `printableValue`
fn printable(value: &Value) -> Value {
    match value {
        Value::Nil => NO_VALUE.into(),
        Value::Object(object) if object.kind() == Kind::Ptr && object.display().is_none() => {
            Value::Str(struct_text(&object.fields()))
        }
        other => other.clone(),
    }
}

/// A struct as `%v` prints it: `{a b}`.
pub(crate) fn struct_text(fields: &[(&'static str, Value)]) -> Text {
    let mut text = vec![b'{'];
    for (index, (_, value)) in fields.iter().enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(display(value).as_bytes());
    }
    text.push(b'}');
    text.into()
}

fn html(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => escaped.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => escaped.extend_from_slice(b"&#34;"),
            b'\'' => escaped.extend_from_slice(b"&#39;"),
            b'&' => escaped.extend_from_slice(b"&amp;"),
            b'<' => escaped.extend_from_slice(b"&lt;"),
            b'>' => escaped.extend_from_slice(b"&gt;"),
            _ => escaped.push(*byte),
        }
    }
    escaped
}

fn js(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.len());
    let mut left = text;
    while let Some(&byte) = left.first() {
        let (c, width) = decode(left);
        match byte {
            b'\\' | b'\'' | b'"' => escaped.extend_from_slice(&[b'\\', byte]),
            b'<' | b'>' | b'&' | b'=' | 0..b' ' => {
                escaped.extend_from_slice(format!("\\u{byte:04X}").as_bytes())
            }
            0x80.. if !is_print(c) => escaped.extend_from_slice(format!("\\u{:04X}", c as u32).as_bytes()),
            _ => escaped.extend_from_slice(&left[..width]),
        }
        left = &left[width..];
    }
    escaped
}

fn url_query(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(*byte),
            b' ' => escaped.push(b'+'),
            _ => escaped.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    escaped
}
