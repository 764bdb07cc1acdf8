"""What an environment is to hold: requirements that are read, never passed on as they come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from harness.environments.pythons import Python
from harness.errors import UsageError

ALWAYS = "numpy"  # what every worker needs
PYTHON = "python"  # in the place of a requirement: the interpreter
EXACT = ("==", "===")


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is asked for, read.

    Attributes
    ----------
    packages : tuple of str
        Requirements as pip takes them, in the order of their names.
    names : tuple of str
        Of the packages, as an index has them.
    python : str
        The interpreter's version, if it is asked for as if it were a package; or empty.
    """

    packages: tuple[str, ...]
    names: tuple[str, ...]
    python: str = ""

    def __str__(self) -> str:
        return " ".join([*self.packages, *([f"{PYTHON}=={self.python}"] if self.python else [])])

    @property
    def pinned(self) -> bool:
        """Whether each names one release, so that it is the same whenever it is installed."""
        return all(_exact(Requirement(text).specifier) for text in self.packages)


def requirements(text: str) -> Requirements:
    """Read requirements that stand in one text, with spaces between them and none within.

    Raises
    ------
    UsageError
        One of them is none: nothing else reaches pip.
    """
    packages: dict[str, str] = {}
    python = ""
    for word in text.split():
        try:
            found = Requirement(word)
        except InvalidRequirement as error:
            raise UsageError(
                f"'{text}': '{word}' is no requirement; write NAME==VERSION, with spaces between requirements alone"
            ) from error
        if found.url or found.marker:
            raise UsageError(f"'{text}': '{word}' has an address or a marker; name a package and its releases")
        name = canonicalize_name(found.name)
        if name == PYTHON:
            python = _python(word, found)
            continue
        if name in packages:
            raise UsageError(f"'{text}' names {name} twice")
        packages[name] = canonical(found)
    if not packages:
        raise UsageError(f"'{text}' names no package to install")
    names = sorted(packages)
    return Requirements(tuple(packages[name] for name in names), tuple(names), python)


def canonical(found: Requirement) -> str:
    """A requirement as it is written here, however it was: by these texts environments are told apart."""
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    return f"{canonicalize_name(found.name)}{extras}{found.specifier}"


def _exact(specifier: SpecifierSet) -> bool:
    return any(one.operator in EXACT and "*" not in one.version for one in specifier)


def _python(word: str, found: Requirement) -> str:
    versions = [one.version.removesuffix(".*") for one in found.specifier if one.operator == "=="]
    if len(versions) != 1 or len(found.specifier) != 1:
        raise UsageError(f"'{word}' does not say which Python; write {PYTHON}==3.12")
    try:
        return str(Version(versions[0]))
    except InvalidVersion as error:
        raise UsageError(f"'{word}' does not say which Python; write {PYTHON}==3.12") from error


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an environment is to be made of. Two that are equal are one environment.

    Attributes
    ----------
    requirements : tuple of str
    python : Python
    pre : bool
        Whether pre-releases are taken too.
    index : str
        Where packages come from, in place of the index that pip is configured with; or empty.
    date : str
        The day of which it is, where requirements leave open which releases they mean; else empty.
    """

    requirements: tuple[str, ...]
    python: Python
    pre: bool = False
    index: str = field(default="", repr=False)  # it may hold a password
    date: str = ""

    @property
    def key(self) -> Mapping[str, object]:
        """All that tells it from others."""
        return {
            "requirements": list(self.requirements),
            "python": self.python.version,
            "implementation": self.python.implementation,
            "platform": self.python.platform,
            "pre": self.pre,
            "index": without_password(self.index),
            "date": self.date,
        }

    @property
    def name(self) -> str:
        """A name for a directory, to be read by people, and another for each other environment."""
        told = hashlib.blake2b(json.dumps(self.key, sort_keys=True).encode(), digest_size=6).hexdigest()
        words = [_plain(text) for text in self.requirements]
        return f"{'_'.join(words)[:80]}-py{self.python.version}-{told}"

    def __str__(self) -> str:
        return f"{' '.join(self.requirements)} on Python {self.python.version}"

    def to_install(self) -> tuple[str, ...]:
        """The requirements, and what every worker needs."""
        named = {canonicalize_name(Requirement(text).name) for text in self.requirements}
        return self.requirements if ALWAYS in named else (*self.requirements, ALWAYS)


def _plain(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "." else "-" for letter in text.replace("==", "-"))


def without_password(address: str) -> str:
    """An address that can be shown and kept."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else address


def of(*, asked: Requirements, python: Python, pre: bool, indexes: Mapping[str, str], today: str) -> Wanted:
    """The environment that some requirements ask for.

    Parameters
    ----------
    asked : Requirements
    python : Python
    pre : bool
    indexes : mapping
        From a package's name to where it comes from; that of '' for all others.
    today : str
        ISO date: what is not pinned is looked for again every day.

    Raises
    ------
    UsageError
        Two of the packages are to come from different places.
    """
    found = {indexes[name]: name for name in asked.names if name in indexes}
    if len(found) > 1:
        raise UsageError(
            f"{' and '.join(sorted(found.values()))} of one environment have different indexes: pip asks one"
        )
    index = next(iter(found), indexes.get("", ""))
    return Wanted(asked.packages, python, pre, index, "" if asked.pinned else today)


def read_indexes(texts: Iterable[str]) -> dict[str, str]:
    """Where packages come from, of texts NAME=ADDRESS, or ADDRESS for all that are not named.

    Raises
    ------
    UsageError
        One of them says something else.
    """
    found: dict[str, str] = {}
    for text in texts:
        head, sign, rest = text.partition("=")
        name, address = (canonicalize_name(head), rest) if sign and "/" not in head else ("", text)
        if not address.startswith(("https://", "http://", "file://")):
            told = without_password(text)
            raise UsageError(f"--index {told}: write NAME=ADDRESS or ADDRESS, where the address begins with https://")
        if name in found:
            raise UsageError(f"--index names {name or 'an address for all'} twice")
        found[name] = address
    return found
