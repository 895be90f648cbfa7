//! Catalogues: categories, options, their rules and their recipes, validated as a whole.

pub mod builtin;
mod checked;
mod compatibility;
mod file;
mod include;
mod input;
mod input_rules;
mod lazy_recipes;
mod load;
mod overlap;
mod rules;
mod settings_rules;

pub use crate::interpret::template_warnings;
pub use checked::Catalog;
pub use file::{
    CatalogFile, CatalogOption, Category, MovedPath, OptionEntry, SelectionType, SlugRules,
    Symlinks, TemplateFile, TemplateSource,
};
pub use include::shared_pieces;
pub use input::{CatalogInput, DerivedDefault, InputDefault, InputType, ValueProblem};
pub use input_rules::in_order;
pub use load::{
    Loaded, check_catalog_file, check_recipe_file, load, names, orphans, template_excludes,
};
