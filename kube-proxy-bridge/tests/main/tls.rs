//! A real port with TLS: the header that belongs to it, both versions of HTTP, and an end in time.

use std::sync::Arc;
use std::time::Duration;

use kube_proxy_bridge::config::TlsFiles;
use kube_proxy_bridge::http::serve::{Listener, serve};
use kube_proxy_bridge::http::tls::Tls;
use kube_proxy_bridge::{Setup, State, app};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::harness::page;

/// Beside this file. The key is nobody's: it was made for these tests and stands here for all to read.
fn file(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/tls").join(name)
}

/// Talks TLS to `address` and trusts the certificate of these tests alone.
async fn connect(
    address: std::net::SocketAddr,
    protocol: &[u8],
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("cert.pem")).expect("a certificate")).expect("taken");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake")
}

#[tokio::test]
async fn a_port_with_tls_says_so_and_stops_when_it_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut setup = Setup::page_only(page(), address);
    setup.tls = true;
    let state = State::new(setup).expect("a state");
    let tls = Tls::load(TlsFiles { cert: file("cert.pem"), key: file("key.pem") }).expect("readable");
    let grace = Duration::from_secs(5);
    let server =
        tokio::spawn(serve(Listener::Tcp(listener), app(state.clone()), Some(tls), state.stopping(), grace));

    let mut stream = connect(address, b"http/1.1").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let request =
        format!("GET /livez HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", address.port());
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    // The end of the stream, however it comes.
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"), "{answer}");

    let h2 = connect(address, b"h2").await;
    assert_eq!(h2.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));

    // Plain HTTP gets no answer there.
    let mut plain = TcpStream::connect(address).await.expect("a connection");
    plain.write_all(request.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");

    state.drain().await;
    drop(h2);
    timeout(grace, server).await.expect("in time").expect("no panic").expect("no error");
    assert!(TcpStream::connect(address).await.is_err());
}

#[test]
fn a_key_or_certificate_that_is_none_is_named() {
    let wrong = |cert: &str, key: &str| {
        let files = TlsFiles { cert: file(cert), key: file(key) };
        Tls::load(files).map(|_| ()).expect_err("refused")
    };
    assert!(wrong("nothing.pem", "key.pem").starts_with("--tls-cert "));
    assert!(wrong("cert.pem", "nothing.pem").starts_with("--tls-key "));
    assert!(wrong("cert.pem", "cert.pem").starts_with("--tls-key "));
}

#[test]
fn a_certificate_of_ones_own_is_known_by_its_fingerprint() {
    let names = || vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let (_, one) = Tls::self_signed(names()).expect("made");
    let (_, other) = Tls::self_signed(names()).expect("made");
    assert_eq!((one.len(), one.split(':').count()), (95, 32), "{one}");
    assert_ne!(one, other, "each start has a key of its own");
    assert!(Tls::self_signed(vec!["\u{e9}".to_owned()]).is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn t3_a_socket_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    use tokio::net::UnixStream;

    let folder = crate::harness::folder();
    let path = folder.join("bridge.sock");
    let mut setup = Setup::page_only(page(), std::net::SocketAddr::from(([127, 0, 0, 1], 80)));
    setup.allow_hosts.push("localhost".to_owned());
    let state = State::new(setup).expect("a state");
    let listener = Listener::unix(&path).expect("a socket");
    let mode = std::fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "nothing else is left");
    let grace = Duration::from_secs(5);
    let server = tokio::spawn(serve(listener, app(state.clone()), None, state.stopping(), grace));
    let mut stream = UnixStream::connect(&path).await.expect("a connection");
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    // Somebody is there, so nobody takes the place; when they are gone, one may.
    assert_eq!(Listener::unix(&path).expect_err("taken").kind(), std::io::ErrorKind::AddrInUse);
    state.drain().await;
    timeout(grace, server).await.expect("in time").expect("no panic").expect("no error");
    drop(Listener::unix(&path).expect("replaced"));
    std::fs::remove_file(&path).expect("removed");
    std::fs::write(&path, "a file").expect("written");
    assert!(Listener::unix(&path).is_err(), "what is no socket is not replaced");
    std::fs::remove_dir_all(folder).expect("removed");
}
