"""The public interface of the package."""

from importlib.metadata import version

from __PACKAGE__.greeting import __PACKAGE_PASCAL__Error, greet

__version__ = version("__PRODUCT_SLUG__")

__all__ = ["__PACKAGE_PASCAL__Error", "__version__", "greet"]
