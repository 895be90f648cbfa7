-- The catalogue of each published category, whose row has the category's own name.
CREATE TABLE bootstrap_catalog_categories (
    category_id text PRIMARY KEY,
    catalog text NOT NULL,
    slug text NOT NULL,
    UNIQUE (catalog, slug)
);

-- Categories were called `catalogue/category` before.
INSERT INTO bootstrap_catalog_categories (category_id, catalog, slug)
SELECT c.id, split_part(c.slug, '/', 1), split_part(c.slug, '/', 2)
FROM bootstrap_categories c
WHERE c.slug LIKE '%/%'
    AND EXISTS (SELECT 1 FROM bootstrap_catalog_versions v WHERE v.catalog = split_part(c.slug, '/', 1));

-- An application's table may allow each name once: there the first category gets it.
UPDATE bootstrap_categories c SET slug = m.slug
FROM bootstrap_catalog_categories m
WHERE m.category_id = c.id
    AND (to_regclass('bootstrap_app_migrations') IS NOT NULL
        OR (NOT EXISTS (SELECT 1 FROM bootstrap_categories o WHERE o.slug = m.slug)
            AND m.category_id = (SELECT MIN(n.category_id) FROM bootstrap_catalog_categories n WHERE n.slug = m.slug)));
