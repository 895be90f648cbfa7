//! A catalogue with long titles, 500 files and an option with 100 findings.

use super::run;
use crate::server::support::TestServer;
use crate::support::Sandbox;
use std::fmt::Write as _;

/// The path of a file of the template.
fn module(number: usize) -> String {
    let folder = "an-uncommonly-long-name-of-a-folder-that-nobody-would-type-twice";
    let deep = "deep/".repeat(number % 5);
    format!(
        "src/{folder}/part-{:02}/{deep}module-{number:03}-with-a-name-that-is-long.ts",
        number / 50
    )
}

fn crowded() -> Sandbox {
    let sandbox = Sandbox::new();
    for number in 0..500 {
        let path = format!("catalog/wide/template/{}", module(number));
        sandbox.write(&path, format!("export const value = {number};\n"));
    }
    let title = "Extraordinarilylongtitlewithoutanyspace".repeat(3);
    let description = "A description that goes on for a while. ".repeat(5);
    sandbox.write(
        "catalog/wide/catalog.yaml",
        format!(
            "catalog: wide\ntitle: Wide\ntemplate: {{ path: template, version: v1 }}\ncategories:\n  \
             - slug: checks\n    title: {title}\n    selection: SINGLE\n    required: true\n    options:\n      \
             - slug: quiet\n        title: {title}\n        description: {description}\n        default: true\n      \
             - slug: broken\n        title: A hundred findings\n        conflicts: [more/other]\n  \
             - slug: more\n    title: More\n    selection: MULTI\n    options:\n      \
             - slug: other\n        title: Other\n"
        ),
    );
    sandbox.write("recipes/wide/checks/quiet.yaml", "actions: []\n");
    sandbox.write("recipes/wide/more/other.yaml", "actions: []\n");
    let mut recipe = "actions:\n".to_owned();
    for number in 0..100 {
        let path = module(number);
        writeln!(
            recipe,
            "  - {{ kind: REPLACE_STRING, path: {path}, find: absent text {number}, replace: x }}"
        )
        .unwrap();
    }
    sandbox.write("recipes/wide/checks/broken.yaml", recipe);
    sandbox
}

#[test]
fn long_names_many_files_and_findings_fit_on_small_windows_and_on_paper() {
    let server = TestServer::start_in(crowded(), &["--no-worker"], &[], " ready ");
    let admin = server.token("root", &["--admin"]);
    let product = "Averyveryverylongproductnamewithoutanyspaces";
    let slug = product.to_lowercase();
    let configure = format!("/products/{slug}/bootstrap?catalog=wide");
    let preview = format!("/products/{slug}/bootstrap/preview?catalog=wide&checks=quiet");
    let findings = format!("/products/{slug}/bootstrap/preview?catalog=wide&checks=broken");
    let pages = [
        product,
        &configure,
        &preview,
        &findings,
        &format!("/products/{slug}"),
        "/catalogs/wide",
        "/catalogs/wide/draft",
    ];
    run(&server, &admin, "media.mjs", &pages);
}
