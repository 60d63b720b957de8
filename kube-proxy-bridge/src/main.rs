//! Reads the command line, binds to loopback, serves until it is told to stop.

use std::io::{self, Write as _};
use std::process::ExitCode;

use kube_proxy_bridge::config::{self, Command, Config};
use kube_proxy_bridge::http::page::Page;
use kube_proxy_bridge::{Setup, State, app, desktop};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match config::parse(std::env::args_os().skip(1)) {
        Ok(Command::Serve(config)) => *config,
        Ok(Command::Help) => {
            // A closed pipe is the reader's decision.
            let _ = io::stdout().write_all(config::USAGE.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("kube-proxy-bridge: {sentence}\n\n{}", config::USAGE);
            return ExitCode::from(2);
        }
    };
    match serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kube-proxy-bridge: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> io::Result<()> {
    let page = Page::load(&config.page)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", config.page.display())))?;
    let wanted = config.listen;
    let listener = TcpListener::bind(wanted).await.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {wanted} (--port chooses another): {error}"))
    })?;
    let address = listener.local_addr()?;
    // Programs that start the bridge read its address from this line.
    writeln!(io::stdout(), "Chartroom is at http://{address}/")?;
    if config.open {
        desktop::open(&format!("http://{address}/"));
    }
    // Nothing that is under way needs an end of its own, and a browser holds connections open for minutes.
    tokio::select! {
        served = axum::serve(listener, app(State::new(Setup::page_only(page, address)))) => served,
        () = stop() => Ok(()),
    }
}

/// Completes on Ctrl-C; never, if the signal cannot be watched.
async fn stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
