//! The desktop the bridge was started on.

use std::process::{Command, Stdio};
use std::thread;

/// Asks the desktop to open `url`, and does not mind when there is none: the address is on the screen.
pub fn open(url: &str) {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else if std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some() {
        Command::new("xdg-open")
    } else {
        return;
    };
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Ok(mut child) = command.spawn() {
        // Somebody has to collect it, and some of them stay as long as the browser does.
        thread::spawn(move || child.wait());
    }
}
