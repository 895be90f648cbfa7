"""Greetings."""


class __PACKAGE_PASCAL__Error(ValueError):
    """The base of all errors that this package raises on purpose."""


def greet(name: str) -> str:
    """Greet a person.

    Args:
        name: The name of the person. Surrounding spaces are ignored.

    Returns:
        One sentence.

    Raises:
        __PACKAGE_PASCAL__Error: The name is empty.
    """
    name = name.strip()
    if not name:
        raise __PACKAGE_PASCAL__Error("the name is empty")
    return f"Hello, {name}!"
