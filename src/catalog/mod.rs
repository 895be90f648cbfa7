//! Catalogues: categories, options, their rules and their recipes, validated as a whole.

pub mod builtin;
mod checked;
mod compatibility;
mod file;
mod load;
mod overlap;
mod rules;

pub use crate::interpret::template_warnings;
pub use checked::Catalog;
pub use file::{
    CatalogFile, CatalogOption, Category, OptionEntry, SelectionType, Symlinks, TemplateSource,
};
pub use load::{
    Loaded, check_catalog_file, check_recipe_file, load, names, orphans, template_excludes,
};
