//! Connections: accepted, given to the router, ended in time. Slow ones cost a task and nothing else.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use super::tls::Tls;

/// How long a request's head, or a TLS handshake, may take.
const HEAD: Duration = Duration::from_secs(10);
/// Connections at once.
const CONNECTIONS: usize = 512;
/// After a failure to accept, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// As which somebody at the other end of a socket counts.
#[cfg(unix)]
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Where connections come from.
#[derive(Debug)]
pub enum Listener {
    /// A port.
    Tcp(TcpListener),
    /// A file, which its owner alone may open.
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

enum Accepted {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl Listener {
    /// Listens on a socket file that nobody but its owner can open. One that is left from a process that is gone is replaced;
    /// one that somebody answers on is not.
    ///
    /// # Errors
    /// The system's; `AddrInUse` when somebody answers there, or when the file is something else.
    #[cfg(unix)]
    pub fn unix(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
        if let Ok(found) = std::fs::symlink_metadata(path)
            && (!found.file_type().is_socket() || std::os::unix::net::UnixStream::connect(path).is_ok())
        {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        // Between the making of a socket and the change of its mode others could open it. So it is made in a folder that is
        // closed to them, and moved to its place when it is closed itself.
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        let closed = path.with_file_name(format!(".{name}.{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&closed)?;
        let inside = closed.join("s");
        let made = tokio::net::UnixListener::bind(&inside).and_then(|listener| {
            std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o600))?;
            std::fs::rename(&inside, path)?;
            Ok(listener)
        });
        // What is left in it after a failure goes with it.
        std::fs::remove_dir_all(&closed)?;
        made.map(Self::Unix)
    }

    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                let _ = stream.set_nodelay(true);
                Ok(Accepted::Tcp(stream, peer))
            }
            #[cfg(unix)]
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| Accepted::Unix(stream)),
        }
    }
}

/// Serves `app` until `stopping` says so; then ends when the answers under way have ended, at the latest after `grace`.
///
/// # Errors
/// None today: a connection that fails concerns nobody else.
pub async fn serve(
    listener: Listener,
    app: Router,
    tls: Option<Tls>,
    mut stopping: watch::Receiver<bool>,
    grace: Duration,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // The sender lives as long as the state; without it there is nobody left to serve for.
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        let Ok(accepted) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        // A connection more than we take is closed at once.
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
        let (app, stopping) = (app.clone(), stopping.clone());
        let acceptor = tls.as_ref().map(Tls::acceptor);
        connections.spawn(async move {
            let _slot = slot;
            match (accepted, acceptor) {
                (Accepted::Tcp(stream, peer), None) => talk(stream, peer, app, stopping).await,
                (Accepted::Tcp(stream, peer), Some(acceptor)) => {
                    if let Ok(Ok(stream)) = timeout(HEAD, acceptor.accept(stream)).await {
                        talk(stream, peer, app, stopping).await;
                    }
                }
                #[cfg(unix)]
                (Accepted::Unix(stream), _) => talk(stream, NOWHERE, app, stopping).await,
            }
        });
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // What is left after that is cut off as the set is dropped.
    let _ = timeout(grace, all).await;
    Ok(())
}

/// One connection, HTTP/1.1 or HTTP/2, until either side has enough.
async fn talk<S>(stream: S, peer: SocketAddr, app: Router, mut stopping: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        app.clone().oneshot(request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(64);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .max_concurrent_streams(100)
        .max_header_list_size(32 << 10);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut told = false;
    loop {
        tokio::select! {
            // Whatever ends a connection, the peer knows it.
            _ = connection.as_mut() => return,
            _ = stopping.wait_for(|stop| *stop), if !told => {
                connection.as_mut().graceful_shutdown();
                told = true;
            }
        }
    }
}
