//! A client that sends exactly what it is told, one connection for each request.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

use crate::net::http::{Body, Head, Wire};
use crate::net::tls::Connection;

/// How long an answer may take to go on.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `127.0.0.1:8484`.
    pub address: String,
    /// How to speak TLS; nothing for plain HTTP.
    pub tls: Option<Arc<ClientConfig>>,
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The headers as they are sent. `Host`, `Content-Length` and `Connection: close` are added where they are missing.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Without headers and without a body.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), ..Self::default() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body; its type is the caller's to say.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With this body, as JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    fn head(&self, address: &str) -> Head {
        let start = format!("{} {} HTTP/1.1", self.method, self.target);
        let mut head = Head { start, headers: self.headers.clone() };
        let mut add = |name: &str, value: &str| {
            if head.header(name).is_none() {
                head.headers.push((name.to_owned(), value.to_owned()));
            }
        };
        add("Host", address);
        add("Connection", "close");
        if !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            add("Content-Length", &self.body.len().to_string());
        }
        head
    }
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// First line and headers.
    pub head: Head,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.head.header(name).unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// An answer that is read while it comes.
#[derive(Debug)]
pub struct Streaming {
    /// First line and headers.
    pub head: Head,
    wire: Wire<Connection>,
    body: Body,
}

impl Streaming {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// The next piece of the body; nothing at its end.
    ///
    /// # Errors
    /// Those of the connection; a time-out when nothing came for so long, after which one may ask again.
    pub fn piece(&mut self, patience: Duration) -> io::Result<Option<Vec<u8>>> {
        self.wire.stream().tcp().set_read_timeout(Some(patience))?;
        self.wire.piece(&mut self.body)
    }

    /// All that is still to come.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn rest(mut self) -> io::Result<Response> {
        let body = self.wire.rest(self.body)?;
        Ok(Response { status: self.head.status(), head: self.head, body })
    }
}

impl Endpoint {
    /// A server that speaks plain HTTP.
    #[must_use]
    pub fn plain(address: &str) -> Self {
        Self { address: address.to_owned(), tls: None }
    }

    /// A connection, with TLS where the endpoint has it.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn connect(&self) -> io::Result<Connection> {
        let tcp = TcpStream::connect(&self.address)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let Some(config) = &self.tls else { return Ok(Connection::Plain(tcp)) };
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        let name =
            ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
        let session = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        Ok(Connection::TlsClient(Box::new(StreamOwned::new(session, tcp))))
    }

    /// Sends the request and gives the answer once its head is there.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn open(&self, request: &Request) -> io::Result<Streaming> {
        let mut wire = Wire::new(self.connect()?);
        let mut bytes = request.head(&self.address).to_bytes();
        bytes.extend_from_slice(&request.body);
        wire.send(&bytes)?;
        loop {
            let head = wire.head()?.ok_or_else(|| {
                io::Error::new(io::ErrorKind::UnexpectedEof, "the other side closed without an answer")
            })?;
            // `100 Continue` and its like come before the answer.
            if head.status() >= 200 {
                let body = Body::of_response(&request.method, &head);
                return Ok(Streaming { head, wire, body });
            }
        }
    }

    /// Sends the request and gives the whole answer.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn send(&self, request: &Request) -> io::Result<Response> {
        self.open(request)?.rest()
    }
}
