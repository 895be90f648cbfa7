-- The catalogue of each published category, whose row has the category's own name.
CREATE TABLE bootstrap_catalog_categories (
    category_id TEXT PRIMARY KEY,
    catalog TEXT NOT NULL,
    slug TEXT NOT NULL,
    UNIQUE (catalog, slug)
);

-- Categories were called `catalogue/category` before.
INSERT INTO bootstrap_catalog_categories (category_id, catalog, slug)
SELECT c.id, substr(c.slug, 1, instr(c.slug, '/') - 1), substr(c.slug, instr(c.slug, '/') + 1)
FROM bootstrap_categories c
WHERE c.slug LIKE '%/%' AND EXISTS (
    SELECT 1 FROM bootstrap_catalog_versions v WHERE v.catalog = substr(c.slug, 1, instr(c.slug, '/') - 1));

UPDATE bootstrap_categories
SET slug = (SELECT m.slug FROM bootstrap_catalog_categories m WHERE m.category_id = bootstrap_categories.id)
WHERE id IN (SELECT category_id FROM bootstrap_catalog_categories);
