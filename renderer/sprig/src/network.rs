//! The one function that asks the network.
//!
//! *Source*: sprig 3.3.0 `network.go`; helm v4.3.1 answers nothing unless DNS is enabled.

use gotemplate::Call;
use value::Text;

use crate::outside::ResolveHost;
use crate::table::{Asks, Table};

pub(crate) fn add(table: &mut Table) {
    table.family("network");
    table.put("getHostByName", Asks::Network, host_by_name);
}

fn host_by_name(call: &mut Call<'_>, name: Text) -> Text {
    let mut question = ResolveHost { name: name.to_string_lossy().into_owned(), answer: None };
    call.ask(&mut question);
    Text::derived(question.answer.unwrap_or_default(), &[&name])
}
