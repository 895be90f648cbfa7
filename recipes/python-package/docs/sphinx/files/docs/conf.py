# https://www.sphinx-doc.org/en/master/usage/configuration.html
import importlib.metadata

project = "__PRODUCT_SLUG__"
release = importlib.metadata.version(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
nitpicky = True
