//! What this package promises to the hosts around it.

mod session;
