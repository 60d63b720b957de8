//! One call to the API server: built, sent, tried again where that is safe.
//!
//! Tried again are calls without an answer and those answered by 429, 503, 504 or another 5xx, at most five times and only
//! when sending twice is the same as sending once. A 429 was not carried out, so it is safe for every call. A 500 that
//! names a schema error is final.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ::kube::client::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyDataStream, BodyExt as _, Limited};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use secrecy::ExposeSecret as _;
use tokio::time::{sleep, timeout};

use super::{Cluster, Error};

/// More than any object, and than any list we ask for.
const ANSWER_LIMIT_BYTES: usize = 64 << 20;
/// The sentence of a server that will not begin a stream.
const REFUSAL_LIMIT_BYTES: usize = 1 << 20;
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
const TRIES: u32 = 5;
const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(30);

/// What is told of each answer, for the metrics: no path, no name.
#[derive(Clone, Copy, Debug)]
pub struct Observation {
    /// What was done.
    pub verb: Verb,
    /// The class of the status, 0 without an answer: 2, 4, 5.
    pub class: u16,
    /// Whether the server was asked not to do it.
    pub dry_run: bool,
    /// Until the answer, or its absence.
    pub duration: Duration,
    /// Whether it will be tried again.
    pub retried: bool,
}

/// Who is told.
pub type Observer = Arc<dyn Fn(&Observation) + Send + Sync>;

/// What a call does, in Kubernetes' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words are Kubernetes' own")]
pub enum Verb {
    Apply,
    Create,
    Delete,
    Get,
    List,
    Patch,
    Update,
    Watch,
}

impl Verb {
    /// As RBAC and messages write it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Apply | Self::Patch => "patch",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Get => "get",
            Self::List => "list",
            Self::Update => "update",
            Self::Watch => "watch",
        }
    }

    const fn method(self) -> http::Method {
        match self {
            Self::Apply | Self::Patch => http::Method::PATCH,
            Self::Create => http::Method::POST,
            Self::Delete => http::Method::DELETE,
            Self::Get | Self::List | Self::Watch => http::Method::GET,
            Self::Update => http::Method::PUT,
        }
    }
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it does.
    pub verb: Verb,
    /// Path and query, encoded.
    pub target: String,
    /// For messages: `deployments shop/web`.
    pub about: String,
    /// `Accept`, when it is not plain JSON.
    pub accept: Option<&'static str>,
    /// The body and its type.
    pub body: Option<(&'static str, Bytes)>,
    /// Whether sending it twice is the same as sending it once.
    pub is_idempotent: bool,
    /// Whether the server is asked not to do it.
    pub dry_run: bool,
    /// The longest wait for one answer.
    pub timeout: Duration,
}

/// An answer below 400.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
    /// The texts of `Warning` headers.
    pub warnings: Vec<String>,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Which try it was, from 1.
    pub attempt: u32,
}

impl Call {
    /// A call that reads.
    pub(super) fn read(verb: Verb, target: String, about: String) -> Self {
        Self {
            verb,
            target,
            about,
            accept: None,
            body: None,
            is_idempotent: true,
            dry_run: false,
            timeout: CALL_TIMEOUT,
        }
    }

    /// A call with a body. Sending it twice is taken to do harm.
    pub(super) fn write(verb: Verb, target: String, about: String, body: (&'static str, Bytes)) -> Self {
        Self { body: Some(body), is_idempotent: false, ..Self::read(verb, target, about) }
    }

    /// Whether it is sent once more after this failure of that try.
    fn is_tried_again(&self, error: &Error, attempt: u32) -> bool {
        let may = self.is_idempotent || error.status == Some(429) || error.is_quota_race();
        attempt < TRIES && may && error.is_transient()
    }

    /// `patch deployments shop/web`
    fn name(&self) -> String {
        format!("{} {}", self.verb.text(), self.about)
    }
}

impl Cluster {
    /// Sends a call, again where that is safe, and collects the answer.
    ///
    /// Cancel safety: dropping the future leaves at most one call on its way, which the server may still carry out.
    ///
    /// # Errors
    /// The last try's: no answer, or a status from 400 on.
    pub async fn send(&self, call: Call) -> Result<Answer, Error> {
        let name = call.name();
        let mut attempt = 1;
        loop {
            let error = match self.once(&call, &name, attempt).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !call.is_tried_again(&error, attempt) {
                return Err(error);
            }
            sleep(delay(attempt, &error)).await;
            attempt += 1;
        }
    }

    async fn once(&self, call: &Call, name: &str, attempt: u32) -> Result<Answer, Error> {
        let started = Instant::now();
        let answered = timeout(call.timeout, async {
            // Closed never: the connector keeps it.
            let _slot = self.0.slots.acquire().await.map_err(|error| Error::unreachable(name, error))?;
            let (head, body) = self.response(call, name).await?.into_parts();
            if let Some(theirs) = date(&head.headers) {
                self.note_clock(theirs);
            }
            let body = Limited::new(body, ANSWER_LIMIT_BYTES)
                .collect()
                .await
                .map_err(|error| Error::unreachable(name, format_args!("the answer broke off: {error}")))?
                .to_bytes();
            if head.status.as_u16() >= 400 {
                return Err(Error::answered(name, head.status.as_u16(), &body, retry_after(&head.headers)));
            }
            Ok(Answer {
                status: head.status,
                body,
                warnings: warnings(&head.headers),
                etag: head.headers.get(header::ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned),
                attempt,
            })
        })
        .await
        .unwrap_or_else(|_| {
            Err(Error::unreachable(name, format_args!("no answer within {} seconds", call.timeout.as_secs())))
        });
        let status = match &answered {
            Ok(answer) => Some(answer.status.as_u16()),
            Err(error) => error.status,
        };
        if status == Some(403) {
            self.0.reviews.forget();
        }
        if call.body.is_some() && !call.dry_run && call.about.starts_with("secrets") {
            self.0.secret_writes.fetch_add(1, Ordering::Relaxed);
        }
        (self.0.observer)(&Observation {
            verb: call.verb,
            class: status.unwrap_or(0) / 100,
            dry_run: call.dry_run,
            duration: started.elapsed(),
            retried: answered.as_ref().err().is_some_and(|error| call.is_tried_again(error, attempt)),
        });
        answered
    }

    /// Sends a call once and gives the answer while its body is still coming.
    pub(super) async fn response(&self, call: &Call, name: &str) -> Result<Response<Body>, Error> {
        let mut request = Request::builder().method(call.verb.method()).uri(&call.target);
        request = request.header(header::ACCEPT, call.accept.unwrap_or("application/json"));
        if let Some((content_type, _)) = &call.body {
            request = request.header(header::CONTENT_TYPE, *content_type);
        }
        if let Some(token) = &self.0.token {
            let mut value = header::HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
                .map_err(|_| Error::answered(name, 401, b"the token is not one", None))?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let body = call.body.as_ref().map_or_else(Vec::new, |(_, bytes)| bytes.to_vec());
        let request = request.body(Body::from(body)).map_err(|error| Error::unreachable(name, error))?;
        let response = self.0.client.send(request).await;
        let response = response.map_err(|error| Error::unreachable(name, one_line(&error)))?;
        self.judged(response.status().as_u16());
        Ok(response)
    }

    /// Sends a call once and gives the body as it comes: a watch, or a log that is followed. It holds no slot of the calls in
    /// flight.
    ///
    /// # Errors
    /// When nothing is answered `within` that time, or the server refuses.
    pub(super) async fn opened(
        &self,
        call: &Call,
        name: &str,
        within: Duration,
    ) -> Result<BodyDataStream<Body>, Error> {
        let silence = || Error::unreachable(name, format!("no answer within {} seconds", within.as_secs()));
        let response = timeout(within, self.response(call, name)).await.map_err(|_| silence())??;
        let status = response.status().as_u16();
        if status >= 400 {
            let body = Limited::new(response.into_body(), REFUSAL_LIMIT_BYTES).collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            return Err(Error::answered(name, status, &body, None));
        }
        Ok(response.into_body().into_data_stream())
    }
}

/// How long to wait before the next try: what the server says, at most 30 s; else 200 ms doubled each time up to 5 s,
/// less up to a half by chance, so that callers that failed together do not come back together.
fn delay(attempt: u32, error: &Error) -> Duration {
    if let Some(seconds) = error.retry_after_seconds {
        return Duration::from_secs(seconds).min(RETRY_AFTER_LIMIT);
    }
    let full = if error.is_quota_race() {
        Duration::from_millis(20)
    } else {
        Duration::from_millis(200).saturating_mul(1 << (attempt - 1).min(5)).min(Duration::from_secs(5))
    };
    let mut chance = [0_u8; 1];
    // Without randomness they do come back together.
    let _ = getrandom::fill(&mut chance);
    full - full.mul_f64(f64::from(chance[0]) / 512.0)
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// The moment of the answer, by the server's clock.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// The texts of `Warning: 299 - "text"`.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let texts = headers.get_all(header::WARNING).iter().filter_map(|value| value.to_str().ok());
    texts
        .filter_map(|text| {
            let quoted = text.split_once('"')?.1.rsplit_once('"')?.0;
            Some(quoted.replace("\\\"", "\"").replace("\\\\", "\\"))
        })
        .collect()
}

/// The innermost cause says most: `connection refused`.
fn one_line(error: &dyn std::error::Error) -> impl fmt::Display + use<> {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_what_the_server_says_wins() {
        let error = Error::answered("get", 503, b"", None);
        for (attempt, full) in [(1, 200), (2, 400), (3, 800), (6, 5000), (60, 5000)] {
            let found = delay(attempt, &error);
            let full = Duration::from_millis(full);
            assert!(found <= full && found >= full / 2, "{attempt}: {found:?}");
        }
        assert_eq!(delay(1, &Error::answered("get", 429, b"", Some(2))), Duration::from_secs(2));
        assert_eq!(delay(1, &Error::answered("get", 429, b"", Some(900))), RETRY_AFTER_LIMIT);
    }

    #[test]
    fn a_call_is_tried_again_where_that_is_safe_and_not_for_ever() {
        let read = || Call::read(Verb::Get, "/version".to_owned(), "the version".to_owned());
        let write = Call { is_idempotent: false, ..read() };
        let [busy, broken, absent] =
            [429, 503, 404].map(|status| Error::answered("get", status, b"{}", None));
        assert!(read().is_tried_again(&broken, 1) && !read().is_tried_again(&broken, TRIES));
        assert!(write.is_tried_again(&busy, TRIES - 1) && !write.is_tried_again(&broken, 1));
        assert!(!read().is_tried_again(&absent, 1));
    }

    #[test]
    fn the_moment_of_an_answer_is_read() {
        let mut headers = HeaderMap::new();
        headers.append(header::DATE, "Sat, 21 Nov 2026 22:11:26 GMT".parse().expect("a value"));
        let expected = "2026-11-21T22:11:26Z".parse().expect("a time");
        assert_eq!(date(&headers), Some(expected));
        assert_eq!(date(&HeaderMap::new()), None);
    }

    #[test]
    fn warnings_are_unquoted() {
        let mut headers = HeaderMap::new();
        headers.append(header::WARNING, "299 - \"unknown field \\\"spec.x\\\"\"".parse().expect("a value"));
        headers.append(header::WARNING, "299 - nothing".parse().expect("a value"));
        assert_eq!(warnings(&headers), ["unknown field \"spec.x\""]);
    }
}
