"""Tests of greetings."""

import pytest

from __PACKAGE__ import __PACKAGE_PASCAL__Error, greet


@pytest.mark.parametrize("name", ["Ada", " Ada ", "Ada\n"])
def test_a_name_is_greeted_without_surrounding_spaces(name: str) -> None:
    assert greet(name) == "Hello, Ada!"


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_an_error(name: str) -> None:
    with pytest.raises(__PACKAGE_PASCAL__Error, match="the name is empty"):
        greet(name)
