//! The render worker's entry point.

fn main() {
    web::worker::host::run();
}
