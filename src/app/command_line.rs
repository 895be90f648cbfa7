//! The command line that does what was previewed.

use crate::model::input::Identity;
use crate::model::plan::Plan;
use crate::model::remote::{RemoteUrl, Transport};
use crate::model::report::Report;
use crate::model::slug::Slug;
use std::fmt::Write as _;

/// The command line of `name` that does exactly what was previewed, with `flags` before the expected tree. Without a
/// catalogue it is the one that a repository records.
pub fn command(
    name: &str,
    plan: &Plan,
    catalog: Option<&str>,
    flags: Vec<(&'static str, String)>,
    report: &Report,
) -> String {
    let inputs = &plan.inputs;
    let mut words = vec!["groundplan".to_owned(), name.to_owned()];
    if let Some(catalog) = catalog {
        words.extend(["--catalog".to_owned(), catalog.to_owned()]);
    }
    let mut flag = |name: &str, value: &str| {
        if value.is_empty() {
            words.push(name.to_owned());
        } else if value.starts_with('-') {
            words.push(format!("{name}={value}"));
        } else {
            words.extend([name.to_owned(), value.to_owned()]);
        }
    };
    for option in plan.recipe.selections.options() {
        flag(
            "--select",
            &format!("{}={}", option.category(), option.option()),
        );
    }
    for (name, value) in &inputs.values {
        flag("--input", &format!("{name}={value}"));
    }
    flag("--name", inputs.product_name.as_str());
    if Slug::from_title(inputs.product_name.as_str()).as_ref() != Some(&inputs.product_slug) {
        flag("--slug", inputs.product_slug.as_str());
    }
    flag("--owner", inputs.owner.as_str());
    flag("--repo", inputs.repo.as_str());
    if let Some(address) = &inputs.repo_url {
        flag("--repo-url", address.as_str());
    }
    flag("--date", inputs.date.as_str());
    if plan.author != Identity::default() {
        flag("--author", plan.author.as_str());
    }
    for (name, value) in flags {
        flag(name, &value);
    }
    if let Some(tree) = &report.tree_id {
        flag("--expect", tree.as_str());
    }
    let url = RemoteUrl::parse(&plan.template.repo.to_string());
    if let Ok(url) = url {
        if url.transport() == Transport::File {
            words.push("--allow-file".to_owned());
        }
        if url.host_group().is_some() {
            words.extend(["--allow-host".to_owned(), url.host().to_owned()]);
        }
    }
    words
        .iter()
        .map(|word| quote(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word quoted for a POSIX shell; with control characters as `$'…'` (POSIX.1-2024).
pub fn quote(word: &str) -> String {
    if word.contains(char::is_control) {
        return dollar_quoted(word);
    }
    let quoted = |part| shlex::try_quote(part).expect("a word without control characters");
    word.split('=').map(quoted).collect::<Vec<_>>().join("=")
}

fn dollar_quoted(word: &str) -> String {
    let mut quoted = "$'".to_owned();
    for c in word.chars() {
        if c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                write!(quoted, "\\{byte:03o}").expect("a string grows");
            }
        } else {
            quoted.extend(matches!(c, '\'' | '\\').then_some('\\'));
            quoted.push(c);
        }
    }
    quoted + "'"
}
