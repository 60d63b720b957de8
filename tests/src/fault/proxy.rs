//! The proxy: a listener, a thread for each connection, requests passed on one after the other.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use regex::Regex;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::chart_fixture::Scratch;
use crate::fault::rule::{Fault, Rule};
use crate::kube::Access;
use crate::net::Endpoint;
use crate::net::http::{Body, Head, Wire, is_timeout};
use crate::net::tls::{Certificates, Connection};

/// How often a waiting connection looks whether it should end.
const TICK: Duration = Duration::from_millis(50);

/// A request that came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `PATCH`.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The status of the answer; 0 when there was none.
    pub status: u16,
    /// The name of the fault that it met.
    pub fault: Option<&'static str>,
}

/// A proxy before an API server; dropping it closes everything that goes through.
#[derive(Debug)]
pub struct Proxy {
    access: Access,
    scratch: Scratch,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: Endpoint,
    tls: Option<Arc<ServerConfig>>,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
    stopped: AtomicBool,
}

impl Proxy {
    /// Begins to listen before this API server, with TLS and certificates of its own.
    ///
    /// # Errors
    /// Those of listening, and an access that cannot be used.
    pub fn start(upstream: &Access) -> Result<Self, String> {
        let certificates = Certificates::new()?;
        let tls = Some(certificates.server()?);
        Self::listen(upstream, "https", certificates.ca, tls)
    }

    /// The same, without TLS. Helm sends no token to such a server.
    ///
    /// # Errors
    /// Those of listening, and an access that cannot be used.
    pub fn start_plain(upstream: &Access) -> Result<Self, String> {
        Self::listen(upstream, "http", String::new(), None)
    }

    fn listen(
        upstream: &Access,
        scheme: &str,
        ca: String,
        tls: Option<Arc<ServerConfig>>,
    ) -> Result<Self, String> {
        let wrong = |error: io::Error| format!("the proxy: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        let scratch = Scratch::new("proxy").map_err(wrong)?;
        // A certificate that somebody shows ends here: the proxy shows it itself.
        let access = Access {
            server: format!("{scheme}://{address}"),
            ca,
            token: upstream.token.clone(),
            certificate: None,
        };
        access.write(&scratch.path().join("kubeconfig"), "default")?;
        let shared = Arc::new(Shared {
            upstream: upstream.endpoint()?,
            tls,
            rules: Mutex::default(),
            seen: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for tcp in listener.incoming() {
                if accepting.stopped.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(tcp) = tcp else { continue };
                let shared = Arc::clone(&accepting);
                // A connection that breaks is what proxies are for.
                thread::spawn(move || drop(shared.serve(tcp)));
            }
        });
        Ok(Self { access, scratch, shared })
    }

    /// The API server behind the proxy, for the same user.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// A kubeconfig that leads through the proxy.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.scratch.path().join("kubeconfig")
    }

    /// Adds a rule after the others.
    pub fn add(&self, rule: Rule) {
        lock(&self.shared.rules).push(rule);
    }

    /// From now on everything passes.
    pub fn clear(&self) {
        lock(&self.shared.rules).clear();
    }

    /// What came by, in the order of its arrival. Requests that hang or stream are in it from their beginning.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Forgets what came by.
    pub fn forget(&self) {
        lock(&self.shared.seen).clear();
    }

    /// How many requests of this method (`*`: of any) came by whose path and query hold this pattern.
    ///
    /// # Panics
    /// On a pattern that is none: it stands in a test.
    #[must_use]
    pub fn count(&self, method: &str, target: &str) -> usize {
        let target = Regex::new(target).unwrap_or_else(|error| panic!("{error}"));
        let seen = lock(&self.shared.seen);
        seen.iter()
            .filter(|seen| (method == "*" || seen.method == method) && target.is_match(&seen.target))
            .count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // The listener looks up at the next connection.
        let address: Option<SocketAddr> =
            self.access.server.rsplit_once('/').and_then(|(_, address)| address.parse().ok());
        if let Some(address) = address {
            drop(TcpStream::connect(address));
        }
    }
}

/// What becomes of the connection after a request.
enum Next {
    Close,
    Continue,
    Reset,
}

impl Shared {
    fn serve(&self, tcp: TcpStream) -> io::Result<()> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(TICK))?;
        let handle = tcp.try_clone()?;
        let connection = match &self.tls {
            None => Connection::Plain(tcp),
            Some(config) => {
                let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                Connection::TlsServer(Box::new(StreamOwned::new(session, tcp)))
            }
        };
        let mut client = Wire::new(connection);
        let mut server = None;
        loop {
            let Some(head) = self.patiently(|| client.head())? else { return Ok(()) };
            let mut body = Body::of_request(&head);
            let mut bytes = Vec::new();
            while let Some(piece) = self.patiently(|| client.piece(&mut body))? {
                bytes.extend(piece);
            }
            match self.request(&handle, &mut client, &mut server, head, &bytes)? {
                Next::Continue => {}
                Next::Close => return Ok(()),
                Next::Reset => {
                    // No farewell: what is sent is a reset, which TLS cannot hide either.
                    return SockRef::from(&handle).set_linger(Some(Duration::ZERO));
                }
            }
        }
    }

    fn request(
        &self,
        tcp: &TcpStream,
        client: &mut Wire<Connection>,
        server: &mut Option<Wire<Connection>>,
        head: Head,
        body: &[u8],
    ) -> io::Result<Next> {
        let (method, target) = head.method_and_target();
        let (method, target) = (method.to_owned(), target.to_owned());
        let fault = lock(&self.rules)
            .iter_mut()
            .filter_map(|rule| rule.meets(&method, &target).then(|| rule.fault.clone()))
            // Not `find`: every rule counts every request that fits it.
            .collect::<Vec<_>>()
            .into_iter()
            .next();
        let place = {
            let mut seen = lock(&self.seen);
            let name = fault.as_ref().map(Fault::name);
            seen.push(Seen { method: method.clone(), target, status: 0, fault: name });
            seen.len() - 1
        };
        let answered = |status: u16| {
            // `forget` may have emptied the list.
            if let Some(seen) = lock(&self.seen).get_mut(place) {
                seen.status = status;
            }
        };
        match &fault {
            Some(Fault::ResetBefore) => return Ok(Next::Reset),
            Some(Fault::Hang) => {
                while !self.stopped.load(Ordering::Relaxed) && is_open(tcp) {
                    thread::sleep(TICK);
                }
                return Ok(Next::Reset);
            }
            Some(Fault::Answer { status, headers, body }) => {
                let mut head =
                    Head { start: format!("HTTP/1.1 {status} Injected"), headers: headers.clone() };
                if head.header("content-type").is_none() {
                    head.set("Content-Type", "application/json");
                }
                head.set("Content-Length", &body.len().to_string());
                client.send(&[head.to_bytes(), body.clone().into_bytes()].concat())?;
                answered(*status);
                return Ok(Next::Continue);
            }
            Some(Fault::Before(run)) => run(),
            Some(Fault::Delay(time)) => thread::sleep(*time),
            Some(Fault::After(_) | Fault::CloseAfter(_) | Fault::ResetAfter) | None => {}
        }
        let (mut wire, head) = self.forward(server.take(), head, body)?;
        answered(head.status());
        let mut rest = Body::of_response(&method, &head);
        match &fault {
            Some(Fault::ResetAfter) => {
                while self.patiently(|| wire.piece(&mut rest))?.is_some() {}
                return Ok(Next::Reset);
            }
            Some(Fault::After(run)) => run(),
            _ => {}
        }
        let deadline = match fault {
            Some(Fault::CloseAfter(time)) => Some(Instant::now() + time),
            _ => None,
        };
        let ends_with_close = rest == Body::Rest;
        if !self.pass(tcp, client, &mut wire, &head, rest, deadline)? || ends_with_close {
            return Ok(Next::Close);
        }
        *server = Some(wire);
        Ok(Next::Continue)
    }

    /// Sends the request on, over the connection that is there or a new one, and reads the head of the answer.
    fn forward(
        &self,
        server: Option<Wire<Connection>>,
        mut head: Head,
        body: &[u8],
    ) -> io::Result<(Wire<Connection>, Head)> {
        // The body has been read whole.
        if head.header("transfer-encoding").is_some() {
            head.remove("Transfer-Encoding");
            head.set("Content-Length", &body.len().to_string());
        }
        let bytes = [&head.to_bytes(), body].concat();
        if let Some(mut wire) = server
            && wire.send(&bytes).is_ok()
        {
            // An idle connection may have ended in the meantime, which shows before anything was answered.
            match self.patiently(|| wire.head()) {
                Ok(Some(head)) => return Ok((wire, head)),
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                Err(error) => return Err(error),
            }
        }
        let connection = self.upstream.connect()?;
        let mut wire = Wire::new(connection);
        // The first bytes wait for the handshake, which takes longer than a tick on a loaded machine.
        wire.send(&bytes)?;
        wire.stream().tcp().set_read_timeout(Some(TICK))?;
        let head = self.patiently(|| wire.head())?;
        let head = head.ok_or_else(|| io::Error::from(ErrorKind::UnexpectedEof))?;
        Ok((wire, head))
    }

    /// Hands the answer to the client as it comes. False when it was cut short.
    fn pass(
        &self,
        tcp: &TcpStream,
        client: &mut Wire<Connection>,
        server: &mut Wire<Connection>,
        head: &Head,
        mut body: Body,
        deadline: Option<Instant>,
    ) -> io::Result<bool> {
        client.send(&head.to_bytes())?;
        let is_chunked = body == Body::Chunks;
        loop {
            if deadline.is_some_and(|deadline| Instant::now() > deadline)
                || self.stopped.load(Ordering::Relaxed)
            {
                return Ok(false);
            }
            match server.piece(&mut body) {
                Ok(Some(piece)) if is_chunked => {
                    let length = format!("{:x}\r\n", piece.len());
                    client.send(&[length.as_bytes(), &piece, b"\r\n"].concat())?;
                }
                Ok(Some(piece)) => client.send(&piece)?,
                Ok(None) => {
                    if is_chunked {
                        client.send(b"0\r\n\r\n")?;
                    }
                    return Ok(true);
                }
                Err(error) if is_timeout(&error) => {
                    if !is_open(tcp) {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Repeats a read that came too early, until the proxy stops.
    fn patiently<T>(&self, mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match read() {
                Err(error) if is_timeout(&error) && !self.stopped.load(Ordering::Relaxed) => {}
                other => return other,
            }
        }
    }
}

/// Whether the client is still there. Bytes that it has sent meanwhile stay where they are.
fn is_open(tcp: &TcpStream) -> bool {
    match tcp.peek(&mut [0]) {
        Ok(n) => n > 0,
        Err(error) => is_timeout(&error),
    }
}

/// A thread that panicked while it held the list left a list.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
