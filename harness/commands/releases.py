"""What a command line names with ``-f``: frameworks that are installed, interpreters, and releases to be installed."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from harness.commands.printing import tell
from harness.environments import Cache, Held, find
from harness.environments.wanted import Requirements, of, read_indexes, requirements
from harness.errors import EnvironmentFailed, UsageError
from harness.frameworks import registry

_NAMED = re.compile(r"([A-Za-z0-9._-]+)=(?!=)(.*)", re.DOTALL)
_REQUIRES = re.compile(r"[=<>!~\s]")  # what a requirement may have, and the name of a program has not


@dataclass(frozen=True, slots=True)
class Chosen:
    """A framework, and where it is.

    Attributes
    ----------
    framework : str
    python : str
        An interpreter that has it; empty where an environment is to be made.
    asked : Requirements or None
        What is to be installed for it.
    """

    framework: str
    python: str
    asked: Requirements | None = None

    @property
    def release(self) -> str:
        """As its surfaces have it."""
        return str(self.asked or "")

    @property
    def remembered(self) -> str:
        """What one gives with -f to have the same again."""
        return f"{self.framework}={self.release or self.python}"


@dataclass(frozen=True, kw_only=True)
class Making:
    """How environments are made.

    Attributes
    ----------
    python : str or None
        Version or path of the interpreter.
    pre : bool
    index : tuple of str
        NAME=ADDRESS or ADDRESS, each.
    uv : bool
    """

    python: str | None = None
    pre: bool = False
    index: Sequence[str] = ()
    uv: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Where a framework is observed: an interpreter, what its environment holds, or why there is none."""

    python: str
    packages: tuple[str, ...] = ()
    failure: str = ""
    held: Held | None = None


def chosen(texts: Sequence[str], *, anywhere: bool = False) -> list[Chosen]:
    """What is named.

    Parameters
    ----------
    texts : sequence of str
    anywhere : bool
        Whether a framework need not be here: nothing is observed.

    Raises
    ------
    UsageError
        One of them names nothing, or two name the same.
    EnvironmentFailed
        A framework is to be here, and is not.
    """
    known = registry.adapters()
    found = [one for text in texts for one in _read(text, known, anywhere=anywhere)]
    names = [(one.framework, one.release) for one in found]
    for name, release in names:
        if names.count((name, release)) > 1:
            what = f"framework {name}" if not release else f"{name} of {release}"
            raise UsageError(f"{what} is named twice with -f: name each once")
    return found


def name_of(remembered: str) -> str:
    """A framework, and its release if it has one, of what a run remembers of it."""
    name, _, rest = remembered.partition("=")
    return name if rest.startswith("/") or not rest else f"{name} {rest}"  # interpreters are remembered by whole paths


def here() -> list[Chosen]:
    """All that are installed here.

    Raises
    ------
    EnvironmentFailed
        None is.
    """
    found = [name for name, reference in registry.adapters().items() if registry.load(reference).is_installed()]
    if not found:
        raise EnvironmentFailed(
            "no framework is installed in this environment: install one or all with "
            "pip install 'convarith[all]', or name an interpreter that has one, -f torch=PATH/TO/python"
        )
    return [Chosen(name, sys.executable) for name in found]


def located(chosen: Sequence[Chosen], making: Making) -> list[Found]:
    """Where each is. Environments that are not there are made; one that cannot be is told and spoils no other.

    Raises
    ------
    UsageError
        An interpreter or an index is asked for that cannot be.
    """
    indexes = read_indexes(making.index)
    today = datetime.now(timezone.utc).date().isoformat()
    wanted = {
        str(one.asked): of(
            asked=one.asked,
            python=find(one.asked.python or making.python),
            pre=making.pre,
            indexes=indexes,
            today=today,
        )
        for one in chosen
        if one.asked is not None
    }
    made: dict[str, Found] = {}
    cache = Cache(say=tell)
    for release, environment in wanted.items():
        try:
            held = cache.have(environment, uv=making.uv)
        except EnvironmentFailed as error:
            made[release] = Found(environment.python.path, failure=str(error))
        else:
            made[release] = Found(held.python, held.made.packages, held=held)
    return [made[one.release] if one.asked is not None else Found(one.python) for one in chosen]


def _read(text: str, known: Mapping[str, str], *, anywhere: bool) -> Iterator[Chosen]:
    if text in known:
        yield _here(text, known, anywhere=anywhere)
        return
    named = _NAMED.fullmatch(text)
    if named is None:
        yield from _released(text, known)
        return
    name, rest = named.groups()
    if name not in known:
        raise UsageError(_unknown(name, known))
    found = shutil.which(rest) if rest else None
    if not rest:
        yield _here(name, known, anywhere=anywhere)
    elif found is not None:
        yield Chosen(name, str(Path(found).absolute()))
    elif _requires(rest, known):
        yield Chosen(name, "", requirements(rest))
    else:
        raise UsageError(f"'{text}': there is no interpreter {rest} that can be run")


def _here(name: str, known: Mapping[str, str], *, anywhere: bool) -> Chosen:
    adapter = registry.load(known[name])
    if not (anywhere or adapter.is_installed()):
        raise EnvironmentFailed(f"{name} is not installed in this environment; {adapter.how_to_install()}")
    return Chosen(name, sys.executable)


def _released(text: str, known: Mapping[str, str]) -> Iterator[Chosen]:
    """The frameworks that some requirements are of."""
    word = _word(text)
    adapters = {name: registry.load(reference) for name, reference in known.items()}
    asked = requirements(text) if _requires(text, known) else None
    found = [name for name, adapter in adapters.items() if asked is not None and adapter.is_of(asked.names)]
    if asked is None or not found:
        raise UsageError(_unknown(word, known) + (f"; no framework is made of {text}" if asked is not None else ""))
    yield from (Chosen(name, "", asked) for name in found)


def _requires(text: str, known: Mapping[str, str]) -> bool:
    """Whether a text says what to install: it compares versions, or names a package that a framework is known as."""
    packages = {
        name for reference in known.values() for group in registry.load(reference).distributions for name in group
    }
    return _REQUIRES.search(text) is not None or _word(text) in packages


def _word(text: str) -> str:
    """The name that a requirement begins with."""
    return re.split(r"[\[=<>!~\s]", text.strip(), maxsplit=1)[0]


def _unknown(name: str, known: Mapping[str, str]) -> str:
    return f"no framework '{name}': there are {', '.join(known)}"
