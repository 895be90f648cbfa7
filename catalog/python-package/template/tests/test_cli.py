"""Tests of the command, as its users run it."""

import subprocess
import sys

import __PACKAGE__


def run(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command and return its output and exit code."""
    command = [sys.executable, "-m", "__PACKAGE__", *args]
    return subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603


def test_a_name_is_greeted() -> None:
    result = run("Ada")
    assert (result.returncode, result.stdout) == (0, "Hello, Ada!\n")


def test_without_a_name_the_world_is_greeted() -> None:
    assert run().stdout == "Hello, world!\n"


def test_an_empty_name_is_an_error() -> None:
    result = run("")
    assert (result.returncode, result.stdout) == (1, "")
    assert "the name is empty" in result.stderr


def test_an_extra_argument_is_a_usage_error() -> None:
    assert run("Ada", "Grace").returncode == 2


def test_the_version_is_shown() -> None:
    assert __PACKAGE__.__version__ in run("--version").stdout
