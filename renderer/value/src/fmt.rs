//! Go's `fmt`: `%v` and every other verb over the values of templates.
//!
//! Everything that can grow with a chart's data comes with a [`Meter`], asked before the output grows.
//!
//! Source: go 1.27 `fmt/print.go`, `fmt/format.go`, `strconv/quote.go`.

mod printer;
mod printf;
mod quote;

use crate::{Text, Value};

pub use printf::sprintf;
pub use quote::{is_print, quote, quote_rune};

use printer::Printer;

/// Asked with the number of bytes that the output is about to grow by; `false` stops the printing.
pub type Meter<'a> = &'a mut dyn FnMut(usize) -> bool;

/// `%v` of `value`, whatever its size; for values of a size already paid for.
///
/// A string is given back as it is, with its origin.
pub fn display(value: &Value) -> Text {
    display_metered(value, &mut |_| true).unwrap_or_default()
}

/// `%v` of `value`; `None` when the meter said stop.
pub fn display_metered(value: &Value, meter: Meter<'_>) -> Option<Text> {
    if let Value::Str(text) = value {
        return Some(text.clone());
    }
    let mut printer = Printer::new(meter);
    printer.arg(value, 'v');
    printer.finish()
}

/// `fmt.Sprint`: a space between operands when neither is a string; `None` when the meter said stop.
pub fn sprint(values: &[Value], meter: Meter<'_>) -> Option<Text> {
    let mut printer = Printer::new(meter);
    let mut after_string = true;
    for value in values {
        let string = matches!(value, Value::Str(_));
        if !string && !after_string {
            printer.raw(b" ");
        }
        printer.arg(value, 'v');
        after_string = string;
    }
    printer.finish()
}

/// `fmt.Sprintln`: always a space between operands, and a line feed; `None` when the meter said stop.
pub fn sprintln(values: &[Value], meter: Meter<'_>) -> Option<Text> {
    let mut printer = Printer::new(meter);
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            printer.raw(b" ");
        }
        printer.arg(value, 'v');
    }
    printer.raw(b"\n");
    printer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Element, List, Map, MapType, Origin};

    /// The values that `printf.tsv` names; it was written by Go's `fmt.Sprintf`.
    fn values(name: &str) -> Vec<Value> {
        let one = match name {
            "int" => Value::Int(42),
            "neg" => Value::Int(-7),
            "zero" => Value::Int(0),
            "int64" => Value::Int64(1 << 40),
            "uint64" => Value::Uint64(300),
            "uint8" => Value::Uint8(65),
            "float" => Value::Float64(1.5),
            "big" => Value::Float64(-1e6),
            "nan" => Value::Float64(f64::NAN),
            "inf" => Value::Float64(f64::INFINITY),
            "str" => "h\u{e9}llo \"w\"".into(),
            "raw" => Value::Str(Text::from(&b"a\xffb\x00\n"[..])),
            "true" => Value::Bool(true),
            "nil" => Value::Nil,
            "list" => vec![Value::Int(1), "x".into(), Value::Nil, Value::Float64(1.5)].into(),
            "strs" => List::strings(["p", "q"]).into(),
            "ints" => List::ints([1, 2]).into(),
            "nillist" => List::nil(Element::Any).into(),
            "map" => Map::from_iter([
                ("b", Value::Int(1)),
                ("a", "x".into()),
                ("c", Value::Nil),
                ("d", vec![Value::Bool(true)].into()),
            ])
            .into(),
            "strmap" => {
                let map = Map::with_type(MapType::Str);
                map.insert("k", "v");
                map.into()
            }
            "nilmap" => Map::nil(MapType::Any).into(),
            "bytes" => Value::Bytes(Text::from("hi")),
            "complex" => Value::Complex((1.5, -2.0).into()),
            "two" => return vec![Value::Int(5), "b".into()],
            "three" => return vec![Value::Int(6), Value::Int(2), Value::Float64(3.25)],
            "none" => return Vec::new(),
            _ => unreachable!("no value is called {name}"),
        };
        vec![one]
    }

    #[test]
    fn every_row_prints_as_go_prints_it() {
        let mut wrong = Vec::new();
        let rows = include_str!("fmt/printf.tsv");
        for row in rows.lines() {
            let mut cells = row.split('\t');
            let (format, name, expected) =
                (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap());
            let printed = sprintf(&Text::from(format), &values(name), &mut |_| true).unwrap();
            let printed = String::from_utf8(quote(printed.as_bytes())).unwrap();
            if printed != expected {
                wrong.push(format!("{format} {name}\n   go {expected}\n   us {printed}"));
            }
        }
        assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), rows.lines().count(), wrong.join("\n"));
    }

    #[test]
    fn print_puts_spaces_between_what_is_no_string() {
        let row = [
            Value::Int(1),
            Value::Int(2),
            "a".into(),
            "b".into(),
            Value::Int(3),
            Value::Int(4),
            Value::Nil,
            Value::Bool(true),
        ];
        assert_eq!(sprint(&row, &mut |_| true).unwrap(), "1 2ab3 4 <nil> true");
        assert_eq!(sprintln(&row[..3], &mut |_| true).unwrap(), "1 2 a\n");
    }

    #[test]
    fn the_meter_stops_a_width_before_it_is_made() {
        let mut asked = 0;
        let printed = sprintf(&Text::from("%999999d"), &[Value::Int(1)], &mut |bytes| {
            asked += bytes;
            asked < 1000
        });
        assert!(printed.is_none());
    }

    #[test]
    fn a_value_that_is_printed_again_and_again_is_paid_for() {
        let mut value: Value = vec![Value::Int(1)].into();
        for _ in 0..60 {
            value = vec![value.clone(), value].into();
        }
        let mut left = 1_000_000_usize;
        let printed = display_metered(&value, &mut |bytes| {
            left = left.saturating_sub(bytes);
            left > 0
        });
        assert!(printed.is_none());
    }

    #[test]
    fn text_that_passes_through_keeps_its_origin() {
        let name = Text::from("web").with_origin(Origin(4));
        let printed =
            sprintf(&Text::from("a-%s-%5s"), &[name.clone().into(), name.into()], &mut |_| true).unwrap();
        let from: Vec<(u32, usize)> = printed.pieces().map(|piece| (piece.len(), piece.from.len())).collect();
        assert_eq!(
            (printed.to_string_lossy().as_ref(), from),
            ("a-web-  web", vec![(2, 0), (3, 1), (3, 0), (3, 1)])
        );
    }
}
