"""``convarith check-adapter``: what is missing or wrong in an adapter, said to who writes it."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from typing import Annotated, Literal

from cyclopts import Parameter

from harness.check.contract import checks
from harness.check.result import Check
from harness.commands.printing import as_json
from harness.errors import AS_EXPECTED, FAILED, UNEXPECTED, UsageError
from harness.frameworks import registry


def check_adapter(
    name: Annotated[str, Parameter(help="NAME of a framework, or MODULE:CLASS of an adapter.")],
    /,
    *,
    format: Literal["text", "json"] = "text",
) -> int:
    """Tell what is missing or wrong in an adapter, one line a check, in the order to mend it in.

    From whether it is found, through what it declares and says, to whether its plainest layers agree with the theory
    and a planted fault shows. Ends with 0 where all hold, 1 where something is wrong, 3 where the framework is missing.

    Parameters
    ----------
    format
        'text' or 'json'.
    """
    with _here(name):
        found = _found(name)
        told = []
        for check in found:
            told.append(check)
            if format == "text":
                sys.stdout.write(_line(check) + "\n")
                sys.stdout.flush()
    if format == "json":
        sys.stdout.write(as_json(told))
    else:
        sys.stdout.write(_summary(told) + "\n")
    if any(check.status == "absent" for check in told):
        return FAILED
    return AS_EXPECTED if all(check.status == "ok" for check in told) else UNEXPECTED


@contextlib.contextmanager
def _here(name: str) -> Iterator[None]:
    """Find a module by its name in the working directory too, as the worker does."""
    if ":" not in name:
        yield
        return
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(here)


def _found(name: str) -> Iterator[Check]:
    """Where the adapter is, then all that is asked of it."""
    points = list(registry.registered())
    if ":" in name:
        _exists(name)
        registered = [point.name for point in points if point.value == name]
        built_in = [known for known, reference in registry.BUILT_IN.items() if reference == name]
        known = next(iter([*built_in, *registered]), "")
        told = f"{name} is registered as '{known}'"
        if not known:
            told = f"{name}; convarith run knows it by name once an entry point of the group {registry.GROUP} names it"
        yield Check("found", "ok", told)
        yield from checks(name, known)
        return
    known_as = registry.adapters()
    if name not in known_as:
        raise UsageError(f"no framework '{name}': there are {', '.join(known_as)}; or name a class, MODULE:CLASS")
    reference = known_as[name]
    others = sorted({point.value for point in points if point.name == name} - {reference})
    if others:
        told = f"'{name}' is {reference}, and {', '.join(others)} is registered by that name too"
        yield Check("found", "wrong", told, "give the entry point another name, one that no other has")
    else:
        yield Check("found", "ok", f"'{name}' is {reference}")
    yield from checks(reference, name)


def _exists(reference: str) -> None:
    """Refuse a reference that leads nowhere. What is wrong with what is there, the checks say."""
    module, _, kind = reference.partition(":")
    if not (module and kind):
        raise UsageError(f"'{reference}' names no class: write MODULE:CLASS")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module or module.startswith(f"{error.name}."):
            raise UsageError(
                f"'{reference}': there is no module '{module}': set PYTHONPATH to its folder, or go there"
            ) from error
    except Exception:  # noqa: S110 - what is there is wrong, and the check 'loads' says how
        pass
    else:
        if not hasattr(found, kind):
            raise UsageError(f"'{reference}': {module} has no '{kind}'")


def _line(check: Check) -> str:
    status = {"ok": "ok", "wrong": "WRONG", "absent": "ABSENT"}[check.status]
    remedy = f"; {check.remedy}" if check.status != "ok" else ""
    return f"{status:<7}{check.name}: {check.told}{remedy}"


def _summary(told: list[Check]) -> str:
    wrong = [check.name for check in told if check.status != "ok"]
    if not wrong:
        return f"all {len(told)} checks hold"
    return f"{len(wrong)} of {len(told)} checks do not hold: {', '.join(wrong)}; more may show when they do"
