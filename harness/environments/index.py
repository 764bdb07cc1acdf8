"""Which releases of a package there are, for an interpreter, where pip finds them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.version import InvalidVersion, Version

from harness.environments.install import said
from harness.errors import EnvironmentFailed, UsageError


def versions(package: str, pythons: Sequence[str], *, pre: bool = False, index: str = "") -> list[str]:
    """The releases that an interpreter can have of a package, the oldest first.

    Parameters
    ----------
    package : str
        Its name, as :func:`harness.environments.wanted.requirements` reads it.
    pythons : sequence of str
        Interpreters of one version; the first that has pip is asked, with the index that it is configured with.
    pre : bool
        Pre-releases too.
    index : str
        Asked in place of the index that pip is configured with.

    Raises
    ------
    EnvironmentFailed
        With the last that pip said.
    """
    options = [*(["--pre"] if pre else []), *(["--index-url", index] if index else [])]
    failure = None
    for python in pythons:
        told = said([python, "-m", "pip", "index", "versions", "--disable-pip-version-check", *options, "--", package])
        if isinstance(told, EnvironmentFailed):
            failure = failure or told
            continue
        listed = re.search(r"^Available versions: (.*)$", told, re.MULTILINE)
        if listed:
            return sorted(filter(None, (text.strip() for text in listed[1].split(","))), key=Version)
    raise EnvironmentFailed(f"the releases of {package} cannot be listed: {failure or 'pip says none'}")


def between(listed: Sequence[str], one: str, other: str) -> list[str]:
    """The releases from one to another, both among them, in that order.

    Raises
    ------
    UsageError
        One of the two is no version.
    """
    try:
        first, last = Version(one), Version(other)
    except InvalidVersion as error:
        raise UsageError(f"'{one}' and '{other}' are to be releases, such as 0.4.30: {error}") from error
    inside = [text for text in listed if min(first, last) < Version(text) < max(first, last)]
    return [one, *(inside if first < last else reversed(inside)), other]
