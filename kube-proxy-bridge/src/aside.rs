//! Work that takes a while, such as reading megabytes of YAML, done where it holds up nobody else.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Does `work` here and now, while another thread takes over the other requests of this one. It may borrow, other than
/// what is given to a thread of its own; with one thread alone everybody waits.
///
/// Cost: may start a thread. For what takes a millisecond and more.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_thread_does_it_itself() {
        assert_eq!(aside(|| 1), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_meanwhile() {
        let (sender, receiver) = std::sync::mpsc::channel();
        tokio::spawn(async move { sender.send(2) });
        // The only worker is busy here, and the task above still runs.
        let received = tokio::spawn(async move { aside(|| receiver.recv()) }).await.expect("no panic");
        assert_eq!(received, Ok(2));
    }
}
