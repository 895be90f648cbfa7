"""The command."""

import argparse
import sys

from __PACKAGE__ import __PACKAGE_PASCAL__Error, __version__, greet


def main() -> None:
    """Print a greeting. Exit with 1 after an error and with 2 after wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="__PRODUCT_SLUG__",
        description="Print a greeting.",
    )
    parser.add_argument("name", nargs="?", default="world", help="name to greet")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    args = parser.parse_args()
    try:
        print(greet(args.name))
    except __PACKAGE_PASCAL__Error as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
