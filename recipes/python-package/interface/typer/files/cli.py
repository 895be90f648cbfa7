"""The command."""

from typing import Annotated

import typer

from __PACKAGE__ import __PACKAGE_PASCAL__Error, __version__, greet


def show_version(requested: bool) -> None:
    """Print the version and exit, if it is requested."""
    if requested:
        typer.echo(f"__PRODUCT_SLUG__ {__version__}")
        raise typer.Exit


def run(
    name: Annotated[str, typer.Argument(help="Name to greet.")] = "world",
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Print a greeting."""
    try:
        typer.echo(greet(name))
    except __PACKAGE_PASCAL__Error as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(code=1) from error


def main() -> None:
    """Run the command. Exit with 1 after an error and with 2 after wrong arguments."""
    typer.run(run)
