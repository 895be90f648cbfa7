//! The files of a preview as one download: a zip archive, or a patch for `git apply`.

use super::problem::Problem;
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip archive of the files below a folder. Times are those of 1980, so that equal files give equal bytes.
pub(super) fn zip(folder: &str, files: &[(TreePath, File)]) -> Result<Vec<u8>, Problem> {
    let failed = |error: zip::result::ZipError| {
        tracing::error!(%error, "cannot write an archive");
        Problem::internal()
    };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, file) in files {
        let name = format!("{folder}/{path}");
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(if file.mode == Mode::Executable {
                0o755
            } else {
                0o644
            });
        if file.mode == Mode::Symlink {
            let target = String::from_utf8_lossy(&file.bytes);
            archive.add_symlink(name, target, options).map_err(failed)?;
            continue;
        }
        archive.start_file(name, options).map_err(failed)?;
        archive
            .write_all(&file.bytes)
            .map_err(|error| failed(error.into()))?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner())
}

/// A patch that adds the files to an empty repository.
pub(super) fn patch(files: &[(TreePath, File)]) -> Vec<u8> {
    let mut patch = String::new();
    for (path, file) in files {
        let quoted = |prefix: &str| quoted(&format!("{prefix}{path}"));
        patch.extend([
            "diff --git ",
            &quoted("a/"),
            " ",
            &quoted("b/"),
            "
new file mode ",
        ]);
        patch.extend([
            file.mode.octal(),
            "
",
        ]);
        match file.text() {
            Some("") => {}
            Some(text) => add_text(&mut patch, &quoted("b/"), text),
            None => add_binary(&mut patch, &file.bytes),
        }
    }
    patch.into_bytes()
}

fn add_text(patch: &mut String, path: &str, text: &str) {
    let lines = text.split_inclusive('\n').count().to_string();
    patch.extend([
        "--- /dev/null\n+++ ",
        path,
        "\n@@ -0,0 +1,",
        &lines,
        " @@\n",
    ]);
    for line in text.split_inclusive('\n') {
        patch.push('+');
        patch.push_str(line);
    }
    if !text.ends_with('\n') {
        patch.push_str("\n\\ No newline at end of file\n");
    }
}

/// Bytes as git writes them into a patch: compressed, 52 to a line, in base 85.
fn add_binary(patch: &mut String, bytes: &[u8]) {
    let blob = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes)
        .expect("the bytes of a blob are few enough to be hashed");
    let none = gix::ObjectId::null(gix::hash::Kind::Sha1);
    let (none, blob, length) = (none.to_string(), blob.to_string(), bytes.len().to_string());
    patch.extend([
        "index ",
        &none,
        "..",
        &blob,
        "
GIT binary patch
literal ",
        &length,
        "
",
    ]);
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    let compressed = encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("writing into memory does not fail");
    for line in compressed.chunks(52) {
        let length = u8::try_from(line.len()).expect("at most 52");
        let letter = if length <= 26 {
            b'A' + length - 1
        } else {
            b'a' + length - 27
        };
        patch.push(char::from(letter));
        line.chunks(4).for_each(|word| add_base85(patch, word));
        patch.push('\n');
    }
    patch.push('\n');
}

/// Four bytes as five digits; missing bytes count as zero.
fn add_base85(patch: &mut String, word: &[u8]) {
    const DIGITS: &[u8; 85] =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
    let mut bytes = [0; 4];
    bytes[..word.len()].copy_from_slice(word);
    let mut value = u32::from_be_bytes(bytes) as usize;
    let mut digits = [0u8; 5];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[value % 85];
        value /= 85;
    }
    patch.extend(digits.iter().map(|digit| char::from(*digit)));
}

/// A path as git writes it into a patch: quoted when it has characters that could be mistaken.
fn quoted(path: &str) -> String {
    let is_plain = path
        .bytes()
        .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'"' && byte != b'\\');
    if is_plain {
        return path.to_owned();
    }
    let mut quoted = String::from("\"");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            0x20..0x7f => quoted.push(char::from(byte)),
            _ => write!(quoted, "\\{byte:03o}").expect("writing into a string does not fail"),
        }
    }
    quoted.push('"');
    quoted
}
