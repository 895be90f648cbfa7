//! What a person may choose, checked as a whole: categories, options, how they fit together, and their recipes.

pub mod builtin;
mod checked;
mod combine;
mod load;
mod overlap;
mod rules;
mod written;

pub use checked::Catalog;
pub use load::{Loaded, check_catalog_file, check_recipe_file, load, names, strays};
pub use written::{CatalogFile, CatalogOption, Category, SelectionType, Symlinks, TemplateSource};
