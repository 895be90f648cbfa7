//! The files that pages load. Their addresses contain a hash of their content, so that browsers keep them for ever.

use crate::model::digest::Digest;
use crate::server::problem::Problem;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use std::sync::LazyLock;

/// A file that pages load.
pub(super) struct Asset {
    media_type: &'static str,
    bytes: &'static [u8],
    /// The name with the hash, such as `style.1a2b3c4d5e6f.css`.
    name: LazyLock<String>,
}

macro_rules! asset {
    ($stem:literal, $extension:literal, $media_type:literal) => {
        Asset {
            media_type: $media_type,
            bytes: include_bytes!(concat!("assets/", $stem, ".", $extension)),
            name: LazyLock::new(|| {
                let digest = Digest::of(include_bytes!(concat!("assets/", $stem, ".", $extension)));
                format!("{}.{}.{}", $stem, &digest.as_str()[..12], $extension)
            }),
        }
    };
}

pub(super) static STYLE: Asset = asset!("style", "css", "text/css; charset=utf-8");
pub(super) static SCRIPT: Asset = asset!("script", "js", "text/javascript; charset=utf-8");
pub(super) static ICON: Asset = asset!("icon", "svg", "image/svg+xml");

impl Asset {
    /// The address of the file below a path.
    pub(super) fn address(&self, base: &str) -> String {
        format!("{base}/assets/{}", *self.name)
    }
}

/// `GET /assets/{name}`
pub(super) async fn file(Path(name): Path<String>) -> Response {
    let found = [&STYLE, &SCRIPT, &ICON]
        .into_iter()
        .find(|asset| *asset.name == name);
    match found {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            asset.bytes,
        )
            .into_response(),
        None => Problem::not_found().into_response(),
    }
}
