//! Former slugs of categories and options in selections.

use crate::catalog::{Catalog, CatalogOption, Category};
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};

/// The selection with the present slugs of categories and options. Unknown ones stay as they are.
pub fn current(catalog: &Catalog, selection: &Selection) -> Selection {
    let mut current = Selection::default();
    for (slug, options) in selection.iter() {
        let category = category_of(catalog, slug);
        for option in options {
            let option_now = category
                .and_then(|category| renamed(category, option))
                .map_or(option, |option| &option.slug);
            let category_now = category.map_or(slug, |category| &category.slug);
            current.insert(category_now.clone(), option_now.clone());
        }
    }
    current
}

/// The present name of an option; none if the catalogue has no option that has or had this name.
pub fn current_option(catalog: &Catalog, option: &OptionRef) -> Option<OptionRef> {
    let (category, option) = option.slugs();
    let category = category_of(catalog, &category)?;
    let option = renamed(category, &option)?;
    Some(OptionRef::new(&category.slug, &option.slug))
}

fn category_of<'c>(catalog: &'c Catalog, slug: &Slug) -> Option<&'c Category> {
    let former = || {
        let mut categories = catalog.categories().iter();
        categories.find(|category| category.formerly.contains(slug))
    };
    catalog.category(slug.as_str()).or_else(former)
}

fn renamed<'c>(category: &'c Category, slug: &Slug) -> Option<&'c CatalogOption> {
    let former = || {
        let mut options = category.options.iter();
        options.find(|option| option.formerly.contains(slug))
    };
    category.option(slug.as_str()).or_else(former)
}
