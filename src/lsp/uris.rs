//! Addresses of documents and paths of files.

use lsp_types::Uri;
use std::path::{Path, PathBuf};
use url::Url;

/// The path of a `file:` address; none for others, such as an untitled document.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let url = Url::parse(uri.as_str()).ok()?;
    if url.scheme() != "file" {
        return None;
    }
    url.to_file_path().ok()
}

/// The address of an absolute path.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let url = Url::from_file_path(path).ok()?;
    // Allowed in a URL, not in a URI (RFC 3986).
    let text = ['[', ']', '^', '|']
        .iter()
        .fold(url.to_string(), |text, c| {
            text.replace(*c, &format!("%{:02X}", u32::from(*c)))
        });
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_routes_survive_the_way_to_an_address_and_back() {
        let path = Path::new("/work/a b/app/[slug]/(group)/@slot/ü.tsx");
        let uri = uri_of(path).unwrap();
        assert_eq!(path_of(&uri).unwrap(), path);
    }
}
