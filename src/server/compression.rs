//! Compression of answers by gzip.
//!
//! Texts only: archives are compressed already, and a compressed stream of events would arrive late. Operations whose answer
//! has a secret beside a text of the request are left out, because the length of an answer would reveal the secret.

use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate as _, SizeAbove};

/// The smallest answer that is compressed, in bytes: one that does not fit into a packet.
const SMALLEST: u16 = 1400;

/// The mark of an answer that is never compressed.
#[derive(Clone, Copy, Debug)]
struct Uncompressed;

/// A condition on the head of an answer.
type Condition = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// The layer that compresses answers for clients that accept it.
pub(super) fn layer() -> CompressionLayer<And<SizeAbove, Condition>> {
    let condition: Condition = is_compressed;
    CompressionLayer::new()
        // The best level takes as long as the preview itself.
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(SMALLEST).and(condition))
}

fn is_compressed(_: StatusCode, _: Version, headers: &HeaderMap, marks: &Extensions) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let media_type = content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .unwrap_or_default();
    let is_text = media_type.starts_with("text/") && media_type != "text/event-stream"
        || media_type.starts_with("application/") && media_type.ends_with("json")
        || matches!(media_type, "application/javascript" | "image/svg+xml");
    is_text && marks.get::<Uncompressed>().is_none()
}

/// The answer, never compressed.
pub(super) async fn exempt(mut response: Response) -> Response {
    response.extensions_mut().insert(Uncompressed);
    response
}

/// The answer with a weak tag if it is compressed: its bytes are not those of the tag.
pub(super) async fn weaken_tag(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let tag = headers.get(header::ETAG).map(HeaderValue::as_bytes);
    if let Some(tag) = tag.filter(|tag| tag.starts_with(b"\""))
        && headers.contains_key(header::CONTENT_ENCODING)
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag].concat())
    {
        headers.insert(header::ETAG, weak);
    }
    response
}
