"""What an entry of the known deviations is, and how it is read from a file."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
import tomllib
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from cases import grid
from harness.errors import UsageError
from harness.records import EXPECTED_STATUSES, PROBES, STATUSES, Probe, Status

Texts = str | tuple[str, ...]
AtLeast0 = Annotated[int, msgspec.Meta(ge=0)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One known deviation.

    Attributes
    ----------
    name : str
        By which verdicts and messages name it; of letters, digits and '-'.
    where : str
        Of which layers: SQL over the columns of the verdicts and those of :mod:`harness.rules.columns`.
    status : str or tuple of str
        What happens.
    aspect, route, mode, switch : str or tuple of str
        Where: names or patterns. Any, if left out; a switch '' is a process without one.
    versions : str
        Of the framework (PEP 440); any, if empty.
    environment : dict or tuple of dict
        Of facts of the environment to patterns, all of which must hold: of a fact of several words, one word is
        enough, and a pattern that begins with '!' is one that no word may have. Of several, one must hold.
    grid : str or tuple of str
        Where it must occur: a run of the whole of such a grid, on surfaces of its own, in which it matches nothing,
        fails.
    count : int or None
        Of so many verdicts at most it may be said in a run of its grid. No matter how many, if None.
    exceptions : int or 'any'
        So many of the verdicts that it matches may agree.
    reason : str
        Why it deviates, and whose fault it is. Empty fails.
    upstream : str
        A link to where upstream speaks of it.
    date : date
        When it was written.
    until : date or None
        After that it fails.
    """

    name: str
    where: str
    status: Texts
    grid: Texts
    date: datetime.date
    reason: str = ""
    aspect: Texts = "*"
    route: Texts = "*"
    mode: Texts = "*"
    switch: Texts = "*"
    versions: str = ""
    environment: dict[str, Texts] | tuple[dict[str, Texts], ...] = {}
    count: AtLeast0 | None = None
    exceptions: AtLeast0 | Literal["any"] = 0
    upstream: str = ""
    until: datetime.date | None = None

    @property
    def conditions(self) -> tuple[dict[str, Texts], ...]:
        """Those on the environment, of which one must hold."""
        return (self.environment,) if isinstance(self.environment, dict) else self.environment or ({},)

    def speaks_of(self, route: str, mode: str, switch: str, aspect: str) -> bool:
        """Whether its patterns match a surface and an aspect."""
        parts = ((self.route, route), (self.mode, mode), (self.switch, switch), (self.aspect, aspect))
        return all(any(fnmatchcase(part, pattern) for pattern in texts(patterns)) for patterns, part in parts)

    def holds(self, facts: Mapping[str, str]) -> Literal["yes", "partly", "no"]:
        """Whether the version and the environment are such as it speaks of.

        The shards of a run may be observed on machines that differ, whose facts are joined by ' / '. Where it holds on
        some of them only, nobody knows on which of them a case was observed.
        """
        machines = [facts]
        for name in dict.fromkeys(name for condition in self.conditions for name in condition):
            parts = facts.get(name, "").split(" / ")
            machines = [{**machine, name: part} for machine in machines for part in parts]
        found = {not self.apart(machine) for machine in machines}
        return "partly" if len(found) > 1 else "yes" if found == {True} else "no"

    def apart(self, facts: Mapping[str, str]) -> str:
        """Why it does not hold in an environment; empty if it does."""
        version = facts.get("version", "")
        if self.versions and not _within(version, self.versions):
            return f"versions = '{self.versions}', and this is {version or 'of no known version'}"
        apart = [_apart(condition, facts) for condition in self.conditions]
        return "" if "" in apart else "; and ".join(dict.fromkeys(apart))


def texts(value: Texts) -> tuple[str, ...]:
    """One text or several, as several."""
    return (value,) if isinstance(value, str) else value


def version_alone(version: str) -> str:
    """The version itself of what an environment tells of it: '3.15.1 on tensorflow 2.21.0' is Keras's 3.15.1."""
    return version.partition(" ")[0]


def _within(version: str, versions: str) -> bool:
    try:
        return SpecifierSet(versions).contains(Version(version_alone(version)), prereleases=True)
    except InvalidVersion:
        return False


def _apart(condition: Mapping[str, Texts], facts: Mapping[str, str]) -> str:
    """Why a condition on the environment does not hold; empty if it does."""
    for fact, patterns in condition.items():
        told = facts.get(fact, "")
        if not all(_has(told, pattern) for pattern in texts(patterns)):
            return f"environment.{fact} = '{' '.join(texts(patterns))}', and here it is '{told or 'unknown'}'"
    return ""


def _has(told: str, pattern: str) -> bool:
    if pattern.startswith("!"):
        return not _has(told, pattern[1:])
    return fnmatchcase(told, pattern) or any(fnmatchcase(word, pattern) for word in told.split())


def read_folder(folder: Path) -> dict[str, tuple[Entry, ...]]:
    """The entries of each framework, from the files FRAMEWORK.toml of a directory.

    Raises
    ------
    UsageError
        There is no such directory, or a file cannot be understood.
    """
    if not folder.is_dir():
        raise UsageError(f"no directory {folder} with known deviations, FRAMEWORK.toml: name another with --known")
    found = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read as a text file in UTF-8: {error}") from error
        found[path.stem] = read(text, str(path))
    return found


def read(text: str, where: str) -> tuple[Entry, ...]:
    """The entries that a TOML text says; ``where`` it comes from is for messages.

    Raises
    ------
    UsageError
        It is not TOML, or holds something else than entries.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where}: not TOML: {error}") from error
    entries = told.pop("entry", [])
    if told:
        raise UsageError(f"{where}: {min(told)}: the file holds [[entry]] and nothing else")
    if not isinstance(entries, list):
        raise UsageError(f"{where}: entry: write [[entry]] for each entry, not [entry]")
    found: list[Entry] = []
    for number, one in enumerate(entries, 1):
        name = one.get("name") if isinstance(one, dict) else None
        place = f"{where}: entry '{name}'" if isinstance(name, str) else f"{where}: entry {number}"
        try:
            entry = msgspec.convert(one, Entry)
        except msgspec.ValidationError as error:
            what, _, path = str(error).partition(" - at `$")
            key = path.rstrip("`").lstrip(".")
            raise UsageError(f"{place}: {key}: {what}" if key else f"{place}: {what}") from error
        for said in _wrong(entry):
            raise UsageError(f"{place}: {said}")
        if any(entry.name == other.name for other in found):
            raise UsageError(f"{place}: name: there is another entry of this name; give each its own")
        found.append(entry)
    return tuple(found)


def _wrong(entry: Entry) -> Iterator[str]:
    """What cannot be meant, key and value first."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", entry.name):
        yield f"name = '{entry.name}': write letters, digits, '.' and '-'"
    wrong = [status for status in STATUSES if status not in {*EXPECTED_STATUSES, "harness_error"}]
    for key, allowed in (("status", wrong), ("grid", grid.shipped())):
        values = texts(getattr(entry, key))
        if not values:
            yield f"{key} = []: give at least one"
        for value in values:
            if value not in allowed and not (key == "grid" and value.endswith(".toml")):
                yield f"{key} = '{value}': there are {', '.join(allowed)}"
    for pattern in texts(entry.aspect):
        if not any(fnmatchcase(probe, pattern) for probe in PROBES):
            yield f"aspect = '{pattern}': there are {', '.join(get_args(Probe))}"
    for key in ("aspect", "route", "mode", "switch"):
        if getattr(entry, key) == ():
            yield f"{key} = []: give at least one pattern, or leave it out"
    try:
        SpecifierSet(entry.versions)
    except InvalidSpecifier:
        yield f"versions = '{entry.versions}': write a range as PEP 440 has it, '>=2.1,<3'"
    if not entry.where.strip():
        yield "where = '': say which layers deviate, in SQL; 'true' is all"


__all__ = ["Entry", "Status", "read", "read_folder", "texts", "version_alone"]
