//! Ports that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};
use std::time::SystemTime;

/// Below the ports that systems give to outgoing connections, so that none of those takes one before its server does.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// `N` of them. Another program may still be quicker: who listens has to be ready to choose again.
///
/// # Errors
/// When there are none.
pub(super) fn choose<const N: usize>() -> Result<[u16; N], String> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let size = RANGE.end - RANGE.start;
    // Two starts at the same time begin to look at different places.
    let start = (u64::from(since.subsec_micros()) + u64::from(std::process::id()) * 97) % u64::from(size);
    let start = u16::try_from(start).unwrap_or(0);
    let mut held = Vec::new();
    for step in 0..size {
        let port = RANGE.start + (start + step) % size;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            // Held until all are found, or the same one would be found twice.
            held.push((port, listener));
        }
        if held.len() == N {
            let mut ports = [0; N];
            for (place, (port, _)) in ports.iter_mut().zip(&held) {
                *place = *port;
            }
            return Ok(ports);
        }
    }
    Err("there are no free ports on 127.0.0.1".to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_ports_differ() {
        let mut ports = super::choose::<6>().expect("free ports").to_vec();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 6);
    }
}
