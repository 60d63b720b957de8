//! Bodies and query strings: read within limits, refused with the reason.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Read as _;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use futures::stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::timeout;
use wire::Code;

use super::error::Failure;

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// JSON, in both directions. As an argument it reads the body within the route's [`Limit`]; as an answer it forbids
/// keeping it.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// How large the body of this request may be; the guard puts it into the request. Without one there may be no body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limit {
    /// As it comes.
    pub bytes: usize,
    /// When it comes compressed: inflated. 0: it may not.
    pub inflated: usize,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        read(request).await.and_then(|bytes| parse(&bytes)).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let Ok(body) = serde_json::to_vec(&self.0) else { return Failure::internal().into_response() };
        let mut response = Response::new(Body::from(body));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Server-sent events as they come from a task, until it drops its end.
pub(super) fn server_sent(receiver: mpsc::Receiver<Bytes>) -> Response {
    let body = stream::unfold(receiver, |mut receiver| async move {
        let bytes = receiver.recv().await?;
        Some((Ok::<Bytes, Infallible>(bytes), receiver))
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The body's bytes, inflated when they came as gzip.
///
/// # Errors
/// `too-large`, `invalid-request`.
pub async fn read(request: Request) -> Result<Bytes, Failure> {
    let limit = request.extensions().get::<Limit>().copied().unwrap_or_default();
    let too_large =
        || Failure::new(Code::TooLarge, format!("A body of this request has at most {} bytes.", limit.bytes));
    let gzip = match request.headers().get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip") if limit.inflated > 0 => true,
        Some(_) => return Err(Failure::new(Code::InvalidRequest, "The body's encoding is not taken here.")),
    };
    let told = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if told.and_then(|text| text.parse::<u64>().ok()).is_some_and(|told| told > limit.bytes as u64) {
        return Err(too_large());
    }
    let bytes = match timeout(ARRIVAL, to_bytes(request.into_body(), limit.bytes)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if is_length_limit(&error) => return Err(too_large()),
        Ok(Err(_)) => return Err(Failure::new(Code::InvalidRequest, "The body broke off.")),
        Err(_) => {
            return Err(Failure::new(
                Code::InvalidRequest,
                "The body took longer than 30 seconds to arrive.",
            ));
        }
    };
    if !gzip {
        return Ok(bytes);
    }
    // Inflating 24 MiB takes a tenth of a second, which other requests need not wait for.
    let inflated = tokio::task::spawn_blocking(move || inflate(&bytes, limit.inflated)).await;
    inflated.unwrap_or_else(|_| Err(Failure::internal()))
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Stops at the limit, so that a small body never becomes a large one.
fn inflate(bytes: &[u8], limit: usize) -> Result<Bytes, Failure> {
    let mut inflated = Vec::new();
    let taken = MultiGzDecoder::new(bytes).take(limit as u64 + 1).read_to_end(&mut inflated);
    if taken.is_err() {
        return Err(Failure::new(Code::InvalidRequest, "The body is not gzip."));
    }
    if inflated.len() > limit {
        return Err(Failure::new(Code::TooLarge, format!("Inflated, a body has at most {limit} bytes.")));
    }
    Ok(Bytes::from(inflated))
}

/// Reads JSON of a known type; at most 128 levels deep.
///
/// # Errors
/// `unknown-field` with its name, `invalid-request` with the place.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        let sentence = error.to_string();
        let code = if error.is_data() && sentence.starts_with("unknown field") {
            Code::UnknownField
        } else {
            Code::InvalidRequest
        };
        Failure::new(code, sentence)
    })
}

/// The query of a request, by name. The guard has refused names that the route does not take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(BTreeMap<String, String>);

impl Arguments {
    /// Reads a query string.
    ///
    /// # Errors
    /// A name that stands there twice.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let mut arguments = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(Failure::new(Code::InvalidRequest, "The query is not UTF-8."));
            };
            if arguments.contains_key(&name) {
                return Err(Failure::new(Code::InvalidRequest, "A name stands twice in the query."));
            }
            arguments.insert(name, value);
        }
        Ok(Self(arguments))
    }

    /// What was given for `name`; empty counts as not given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The number given for `name`.
    ///
    /// # Errors
    /// When it is none.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text
            .parse()
            .map_err(|_| Failure::new(Code::InvalidRequest, format!("`{name}` is not a number.")))?;
        Ok(Some(number))
    }

    /// Whether `name` is set: `?name`, `?name=true`, `?name=1`.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| matches!(value.as_str(), "" | "1" | "true"))
    }

    /// The names that were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Arguments {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// `%41+b` → `A b`.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_by_name() {
        let arguments = Arguments::parse("a=1&b=x%20y+z&c&d=&e=%C3%A4").expect("good");
        assert_eq!(arguments.get("b"), Some("x y z"));
        assert_eq!(arguments.get("e"), Some("ä"));
        assert_eq!(arguments.get("d"), None);
        assert!(arguments.is_set("c") && arguments.is_set("a") && !arguments.is_set("b"));
        assert_eq!(arguments.number::<u32>("a").expect("a number"), Some(1));
        assert!(arguments.number::<u32>("b").is_err());
        for bad in ["a=1&a=2", "a=%zz", "a=%4", "a=%ff"] {
            assert!(Arguments::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn unknown_fields_are_told_from_other_mistakes() {
        let code = |text: &str| {
            parse::<wire::SessionExchange>(text.as_bytes()).map(|_| ()).map_err(|failure| failure.0.code)
        };
        assert_eq!(code("{\"code\":\"x\"}"), Ok(()));
        assert_eq!(code("{\"code\":\"x\",\"more\":1}"), Err(Code::UnknownField));
        assert_eq!(code("{\"code\":1}"), Err(Code::InvalidRequest));
        assert_eq!(code("{"), Err(Code::InvalidRequest));
        let deep = "[".repeat(129) + &"]".repeat(129);
        assert!(parse::<serde_json::Value>(deep.as_bytes()).is_err());
    }
}
