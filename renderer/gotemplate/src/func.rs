//! Functions of templates: plain Rust functions with typed parameters, and the table of their names.
//!
//! The machine checks and converts arguments against [`Func::params`] before it calls (`call.rs`, with Go's sentences), so a
//! function sees exactly the types it names.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use value::{List, Map, QuickMap, Text, Type, Value};

use crate::{Fuel, Host, Mark};

/// What a function is given besides its arguments.
pub struct Call<'a> {
    /// Who hears; functions that change a map tell it with [`Call::wrote`].
    host: &'a mut dyn Host,
    fuel: &'a mut Fuel,
    listens: bool,
}

impl<'a> Call<'a> {
    /// A call within a run; `listens` tells whether its host does.
    pub fn new(host: &'a mut dyn Host, fuel: &'a mut Fuel, listens: bool) -> Self {
        Self { host, fuel, listens }
    }

    /// Takes fuel before something of a size that the chart chooses is made.
    ///
    /// # Errors
    /// [`Failure::OutOfFuel`].
    pub fn charge(&mut self, units: u64) -> Result<(), Failure> {
        self.fuel.charge(units)
    }

    /// Takes fuel for `bytes` of new text.
    ///
    /// # Errors
    /// [`Failure::OutOfFuel`], and a plain error where a text would pass 4 GiB.
    pub fn charge_text(&mut self, bytes: u128) -> Result<(), Failure> {
        match u64::try_from(bytes) {
            Ok(bytes) if bytes <= u64::from(u32::MAX) => self.fuel.charge(bytes / 8 + 1),
            _ if self.fuel.left().is_some() => Err(Failure::OutOfFuel),
            _ => Err(Failure::error("the text would be longer than 4 GiB")),
        }
    }

    /// Takes fuel for a text of `value` that is about to be written; see [`Fuel::charge_value`].
    ///
    /// # Errors
    /// [`Failure::OutOfFuel`].
    pub fn charge_value(&mut self, value: &Value) -> Result<(), Failure> {
        self.fuel.charge_value(value)
    }

    /// Tells the host that a function looked at `key` of `map`.
    pub fn saw(&mut self, map: &Map, key: &[u8], answer: Option<&Value>) {
        if self.listens {
            self.host.read(map, key, answer, Mark::NONE);
        }
    }

    /// Tells the host that a function changed `key` of `map`.
    pub fn wrote(&mut self, map: &Map, key: &[u8], value: Option<&Value>) {
        if self.listens {
            self.host.write(map, key, value);
        }
    }

    /// Asks the world; see [`Host::ask`].
    pub fn ask(&mut self, question: &mut dyn Any) -> bool {
        self.host.ask(question)
    }
}

/// How a function fails.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// An error of the function or a panic in it: what stands after `error calling NAME: `.
    Error(Text),
    /// The message of `fail` and `required`, which Helm prints in a form of its own.
    Fail(Text),
    /// The budget of the run is spent.
    OutOfFuel,
}

impl Failure {
    /// An error with this text.
    pub fn error(message: impl Into<Text>) -> Self {
        Self::Error(message.into())
    }
}

/// What runs when a function is called.
pub enum Body {
    /// A function that computes.
    Plain(PlainBody),
    /// `include`: the machine runs the named template in the middle of the pipeline.
    Include,
    /// `tpl`: the machine parses the text and runs it.
    Tpl,
}

/// A function that computes, over arguments that are already converted.
pub type PlainBody = Box<dyn Fn(&mut Call<'_>, &[Value]) -> Result<Value, Failure>>;

/// One function: its parameters and its body.
pub struct Func {
    /// Types of the fixed parameters.
    pub params: Vec<Type>,
    /// Type of the elements of the last, variadic parameter.
    pub variadic: Option<Type>,
    /// What runs.
    pub body: Body,
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Func")
            .field("params", &self.params)
            .field("variadic", &self.variadic)
            .finish_non_exhaustive()
    }
}

impl Func {
    /// A function of a plain Rust function such as `fn upper(_: &mut Call, text: Text) -> Text`.
    ///
    /// Parameters are the types that implement [`Arg`]; the last may be [`Rest`] or [`RestOf`]; the result any [`Answer`].
    pub fn of<F, Args>(function: F) -> Self
    where
        F: IntoFunc<Args>,
    {
        function.into_func()
    }
}

/// A parameter type. The machine has converted the value already, so `from_value` only unwraps.
pub trait Arg: Sized {
    /// The Go type of the parameter.
    const TYPE: Type;
    /// Unwraps a value of that type.
    fn from_value(value: &Value) -> Self;
}

impl Arg for Value {
    const TYPE: Type = Type::Any;
    fn from_value(value: &Value) -> Self {
        value.clone()
    }
}

macro_rules! arg {
    ($($of:ty, $ty:expr, $pattern:pat => $give:expr, $other:expr;)*) => {$(
        impl Arg for $of {
            const TYPE: Type = $ty;
            fn from_value(value: &Value) -> Self {
                match value {
                    $pattern => $give,
                    _ => $other,
                }
            }
        }
    )*};
}

// The last column never comes to pass: `call.rs` has checked the type. It only keeps this free of panics.
arg! {
    Text, Type::Str, Value::Str(text) => text.clone(), Text::new();
    bool, Type::Bool, Value::Bool(truth) => *truth, false;
    i64, Type::Int, Value::Int(number) => *number, 0;
    f64, Type::Float64, Value::Float64(number) => *number, 0.0;
    u32, Type::Uint32, Value::Uint64(number) => u32::try_from(*number).unwrap_or_default(), 0;
    Map, Type::Dict, Value::Map(map) => map.clone(), Map::new();
    List, Type::AnyList, Value::List(list) => list.clone(), List::nil(value::Element::Any);
}

/// The arguments of a variadic `...interface {}` parameter.
pub struct Rest(pub Vec<Value>);

/// The arguments of a variadic parameter of one type: `RestOf<i64>` is `...int`.
pub struct RestOf<T>(pub Vec<T>);

/// What a function may give.
pub trait Answer {
    /// The value, or how it failed.
    fn into_answer(self) -> Result<Value, Failure>;
}

macro_rules! answer {
    ($($of:ty),*) => {$(
        impl Answer for $of {
            fn into_answer(self) -> Result<Value, Failure> {
                Ok(self.into())
            }
        }

        impl Answer for Result<$of, Failure> {
            fn into_answer(self) -> Result<Value, Failure> {
                self.map(Into::into)
            }
        }
    )*};
}

answer!(Value, Text, String, &'static str, bool, i64, f64, List, Map, Vec<Value>);

/// A Rust function that can stand in the table.
pub trait IntoFunc<Args> {
    /// The table's entry.
    fn into_func(self) -> Func;
}

macro_rules! into_func {
    ($($arg:ident $index:tt),*; $count:tt) => {
        impl<F, R, $($arg: Arg),*> IntoFunc<(($($arg,)*), R)> for F
        where
            F: Fn(&mut Call<'_>, $($arg),*) -> R + 'static,
            R: Answer,
        {
            fn into_func(self) -> Func {
                Func {
                    params: vec![$($arg::TYPE),*],
                    variadic: None,
                    body: Body::Plain(Box::new(move |call, _args| self(call, $($arg::from_value(&_args[$index])),*).into_answer())),
                }
            }
        }

        impl<F, R, $($arg: Arg),*> IntoFunc<(($($arg,)*), Rest, R)> for F
        where
            F: Fn(&mut Call<'_>, $($arg,)* Rest) -> R + 'static,
            R: Answer,
        {
            fn into_func(self) -> Func {
                Func {
                    params: vec![$($arg::TYPE),*],
                    variadic: Some(Type::Any),
                    body: Body::Plain(Box::new(move |call, args| {
                        self(call, $($arg::from_value(&args[$index]),)* Rest(args[$count..].to_vec())).into_answer()
                    })),
                }
            }
        }

        impl<F, R, T: Arg, $($arg: Arg),*> IntoFunc<(($($arg,)*), RestOf<T>, R)> for F
        where
            F: Fn(&mut Call<'_>, $($arg,)* RestOf<T>) -> R + 'static,
            R: Answer,
        {
            fn into_func(self) -> Func {
                Func {
                    params: vec![$($arg::TYPE),*],
                    variadic: Some(T::TYPE),
                    body: Body::Plain(Box::new(move |call, args| {
                        let rest = args[$count..].iter().map(T::from_value).collect();
                        self(call, $($arg::from_value(&args[$index]),)* RestOf(rest)).into_answer()
                    })),
                }
            }
        }
    };
}

into_func!(; 0);
into_func!(A 0; 1);
into_func!(A 0, B 1; 2);
into_func!(A 0, B 1, C 2; 3);
into_func!(A 0, B 1, C 2, D 3; 4);
into_func!(A 0, B 1, C 2, D 3, E 4; 5);
into_func!(A 0, B 1, C 2, D 3, E 4, F5 5; 6);

/// The functions a template may call, by name. Cloning it is one allocation a name at most; make it once.
#[derive(Clone, Debug, Default)]
pub struct FuncMap {
    by_name: QuickMap<&'static [u8], (&'static str, Rc<Func>)>,
}

impl FuncMap {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function, or replaces the one of that name.
    pub fn add<F, Args>(&mut self, name: &'static str, function: F)
    where
        F: IntoFunc<Args>,
    {
        self.insert(name, function.into_func());
    }

    /// Adds an entry made by hand.
    pub fn insert(&mut self, name: &'static str, func: Func) {
        self.by_name.insert(name.as_bytes(), (name, Rc::new(func)));
    }

    /// Adds another name for a function that stands in the table; nothing happens if it does not.
    pub fn alias(&mut self, alias: &'static str, name: &str) {
        if let Some(func) = self.get(name).cloned() {
            self.by_name.insert(alias.as_bytes(), (alias, func));
        }
    }

    /// Takes a name out; templates that call it are then no templates.
    pub fn remove(&mut self, name: &str) {
        self.by_name.remove(name.as_bytes());
    }

    /// The function of that name.
    pub fn get(&self, name: &str) -> Option<&Rc<Func>> {
        self.find(name.as_bytes())
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<&Rc<Func>> {
        self.by_name.get(name).map(|(_, func)| func)
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = self.by_name.values().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nobody;

    fn call(func: &Func, args: &[Value]) -> Result<Value, Failure> {
        let (mut host, mut fuel) = (Nobody, Fuel::limited(10));
        match &func.body {
            Body::Plain(body) => body(&mut Call::new(&mut host, &mut fuel, false), args),
            _ => unreachable!("only plain functions are called here"),
        }
    }

    #[test]
    fn a_plain_function_says_its_own_types() {
        fn join(_: &mut Call<'_>, separator: Text, rest: Rest) -> String {
            let texts: Vec<String> = rest.0.iter().map(|value| format!("{value:?}")).collect();
            texts.join(&separator.to_string_lossy())
        }
        let func = Func::of(join);
        assert_eq!((func.params.as_slice(), func.variadic), ([Type::Str].as_slice(), Some(Type::Any)));
        let answer = call(&func, &["-".into(), Value::Int(1), Value::Nil]).unwrap();
        assert_eq!(answer.as_text().unwrap(), "1-Nil");
    }

    #[test]
    fn fuel_is_charged_before_the_text_is_made() {
        fn repeat(call: &mut Call<'_>, count: i64, text: Text) -> Result<Text, Failure> {
            call.charge_text(count.unsigned_abs() as u128 * text.len() as u128)?;
            Ok(text.as_bytes().repeat(count as usize).into())
        }
        let func = Func::of(repeat);
        assert!(call(&func, &[Value::Int(3), "ab".into()]).is_ok());
        assert_eq!(call(&func, &[Value::Int(i64::MAX), "ab".into()]).unwrap_err(), Failure::OutOfFuel);
    }
}
