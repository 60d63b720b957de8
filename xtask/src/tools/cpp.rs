//! A compiler of C++, which libFuzzer is written in.

use crate::process::find;
use crate::tools::debian;

/// Makes sure that there is one: `CXX`, else the one on `PATH`, else Debian's when we may install it.
///
/// # Errors
/// A sentence that says what to install.
pub(crate) fn cpp() -> Result<(), String> {
    if std::env::var_os("CXX").is_some() || find(&["c++", "g++", "clang++"]).is_some() {
        return Ok(());
    }
    if !debian::can_install() {
        return Err(
            "there is no compiler of C++ on PATH: install g++ or clang, or name one in CXX".to_owned()
        );
    }
    debian::install("g++", "up to 60 MB")
}
