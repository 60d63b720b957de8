//! Functions about the run itself.
//!
//! *Source*: sprig 3.3.0 `functions.go`. `fail` is Helm's own.

use gotemplate::{Call, Failure};
use value::Text;

use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("flow");
    table.pure("fail", fail);
    table.pure("hello", hello);
}

fn fail(_: &mut Call<'_>, message: Text) -> Result<Text, Failure> {
    Err(Failure::Fail(message))
}

fn hello(_: &mut Call<'_>) -> &'static str {
    "Hello!"
}
