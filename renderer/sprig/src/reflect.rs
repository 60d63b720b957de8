//! Types and kinds of values, and their equality.
//!
//! *Source*: sprig 3.3.0 `reflect.go`.

use gotemplate::Call;
use value::compare;
use value::{Text, Value};

use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("reflection");
    table.pure("typeOf", type_of);
    table.pure("typeIs", type_is);
    table.pure("typeIsLike", type_is_like);
    table.pure("kindOf", kind_of);
    table.pure("kindIs", kind_is);
    table.pure("deepEqual", deep_equal);
}

fn type_of(_: &mut Call<'_>, value: Value) -> &'static str {
    value.type_name()
}

fn type_is(_: &mut Call<'_>, name: Text, value: Value) -> bool {
    name == *value.type_name()
}

fn type_is_like(_: &mut Call<'_>, name: Text, value: Value) -> bool {
    let of = value.type_name().as_bytes();
    name.as_bytes() == of || of.strip_prefix(b"*") == Some(name.as_bytes())
}

fn kind_of(_: &mut Call<'_>, value: Value) -> &'static str {
    value.kind().name()
}

fn kind_is(_: &mut Call<'_>, name: Text, value: Value) -> bool {
    name == *value.kind().name()
}

fn deep_equal(_: &mut Call<'_>, a: Value, b: Value) -> bool {
    compare::deep_equal(&a, &b)
}
