"""``convarith env``: the environments that are made for releases."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated

from cyclopts import Parameter

from harness.commands.printing import as_json, tell
from harness.environments import Cache, find, install
from harness.environments.cache import Entry, size
from harness.environments.wanted import of, read_indexes, requirements
from harness.errors import AS_EXPECTED, FAILED, EnvironmentFailed, UsageError


def listed(*, json: Annotated[bool, Parameter(negative=())] = False) -> None:
    """List the environments that are kept: name, Python, size, and what was asked to be in them.

    Parameters
    ----------
    json
        As JSON, with all packages of each.
    """
    entries = Cache().entries()
    if json:
        print(as_json([_told(entry) for entry in entries]), end="")
        return
    for entry in entries:
        what = "half made" if entry.made is None else " ".join(entry.made.requirements)
        print(f"{entry.name}  {size(entry.folder) / 2**20:.0f} MiB  {what}")
    if not entries:
        print(f"no environments are kept in {Cache().folder}")


def create(
    requirements_: Annotated[str, Parameter(name="REQUIREMENTS")],
    /,
    *,
    python: str | None = None,
    pre: Annotated[bool, Parameter(negative=())] = False,
    index: Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)] = (),
    uv: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Make an environment, if it is not kept already, and print the path of its interpreter.

    Parameters
    ----------
    requirements_
        What to install, in one word: 'jax==0.4.30', 'keras==3.13.0 tensorflow-cpu==2.21.0'.
    python
        Version or path of the interpreter; the one that runs convarith, if left out.
    pre
        Install pre-releases too.
    index
        ADDRESS of the index to install from, or NAME=ADDRESS for environments with that package.
    uv
        Install with uv in place of venv and pip.
    """
    asked = requirements(requirements_)
    wanted = of(
        asked=asked,
        python=find(asked.python or python),
        pre=pre,
        indexes=read_indexes(index),
        today=datetime.now(timezone.utc).date().isoformat(),
    )
    print(Cache(say=tell).have(wanted, uv=uv).python)


def check(*names: str) -> int:
    """Tell which environments are not as they were made. Nothing is changed.

    Parameters
    ----------
    names
        Names of environments; all, if left out.
    """
    faults = 0
    for entry in _named(names):
        fault = _fault(entry)
        faults += bool(fault)
        print(f"{entry.name}: {fault or 'as it was made'}")
    return FAILED if faults else AS_EXPECTED


def remove(*names: str, all: Annotated[bool, Parameter(negative=())] = False) -> None:
    """Remove environments. One that is in use stays.

    Parameters
    ----------
    names
        Names of environments, as 'convarith env list' shows them.
    all
        Remove all.
    """
    if bool(names) == all:
        raise UsageError("remove what? Name environments, or give --all")
    for entry in _named(names):
        Cache().remove(entry.name)
        print(f"{entry.name}: removed")


def _named(names: tuple[str, ...]) -> list[Entry]:
    entries = {entry.name: entry for entry in Cache().entries()}
    for name in names:
        if name not in entries:
            raise UsageError(f"there is no environment {name}; convarith env list shows them")
    return [entries[name] for name in names or entries]


def _fault(entry: Entry) -> str:
    if entry.made is None:
        return "half made: it is made again when it is asked for"
    try:
        now = install.packages(entry.folder)
    except EnvironmentFailed as error:
        return f"its interpreter does not run ({error}): remove it, and it is made again"
    if now == entry.made.packages:
        return ""
    changed = sorted({*now} ^ {*entry.made.packages})
    return f"changed since it was made ({', '.join(changed[:5])}): remove it, and it is made again"


def _told(entry: Entry) -> dict[str, object]:
    told: dict[str, object] = {
        "name": entry.name,
        "python": str(install.interpreter(entry.folder)),
        "bytes": size(entry.folder),
    }
    return {**told, "made": entry.made}
