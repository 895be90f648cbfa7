//! What a person may choose, checked as a whole: categories, options, how they fit together, and their recipes.

pub mod builtin;
mod checked;
mod compatibility;
mod file;
mod load;
mod overlap;
mod rules;

pub use checked::Catalog;
pub use file::{CatalogFile, CatalogOption, Category, SelectionType, Symlinks, TemplateSource};
pub use load::{Loaded, check_catalog_file, check_recipe_file, load, names, strays};
