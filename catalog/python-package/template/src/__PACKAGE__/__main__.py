"""Entry point of `python -m __PACKAGE__`."""

from __PACKAGE__.cli import main

main()
