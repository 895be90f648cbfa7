//! The files of a starter catalogue, as they are in `starter/`.

/// The placeholder for the catalogue's name in paths and texts.
pub(super) const NAME: &str = "starter";

macro_rules! files {
    ($($path:literal,)+) => {
        &[$(($path, include_str!(concat!("starter/", $path))),)+]
    };
}

/// Path from the new folder, and text.
pub(super) const FILES: &[(&str, &str)] = files![
    "README.md",
    "catalog/starter/cases/default.files",
    "catalog/starter/cases/default.yaml",
    "catalog/starter/cases/edited.files",
    "catalog/starter/cases/edited.yaml",
    "catalog/starter/cases/everything.files",
    "catalog/starter/cases/everything.yaml",
    "catalog/starter/catalog.yaml",
    "catalog/starter/template/.gitignore",
    "catalog/starter/template/README.md",
    "catalog/starter/template/package.json",
    "catalog/starter/template/src/greeting.js",
    "catalog/starter/template/src/greeting.test.js",
    "recipes/starter/addons/ci.yaml",
    "recipes/starter/addons/decisions.yaml",
    "recipes/starter/style/none.yaml",
    "recipes/starter/style/prettier.yaml",
    "recipes/starter/style/prettier/files/prettierrc.json",
];
