"""What an adapter declares of itself: names, routes, modes, switches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from packaging.requirements import InvalidRequirement, Requirement

from cases.case import OPS
from harness.check.result import Check, verdict
from harness.frameworks.base import Adapter, Kind, Mode, Route
from harness.records import PROBES

_WORD = re.compile(r"[A-Za-z0-9][\w.+-]*")


def declarations(kind: type[Adapter], registered: str) -> Iterator[Check]:
    """The checks of a class's own attributes.

    Parameters
    ----------
    registered : str
        The name that an entry point gives it; empty if there is none.
    """
    name = getattr(kind, "name", None)
    problems = [] if _is_word(name) else [f"`name` is {name!r}, which is no word"]
    if not problems and registered and name != registered:
        problems = [f"`name` is {name!r}, and the entry point calls it {registered!r}"]
    remedy = "give the class the attribute `name`: one word, as on the command line and in the entry point"
    yield verdict("name", problems, f"it is called {name}", remedy)

    package = getattr(kind, "package", None)
    fine = isinstance(package, str) and all(part.isidentifier() for part in package.split("."))
    remedy = "give the class the attribute `package`: the module that is imported for the framework"
    problems = [] if fine else [f"`package` is {package!r}, which is no module's name"]
    yield verdict("package", problems, f"its framework is the module {package}", remedy)

    requirement = getattr(kind, "requirement", None)
    remedy = "give the class the attribute `requirement`: what one writes after pip install, 'NAME' or 'NAME>=1.2'"
    yield verdict("requirement", _requirement(requirement), f"it is installed by pip install '{requirement}'", remedy)

    routes: Any = getattr(kind, "routes", None)
    remedy = (
        "declare `routes` as {'ROUTE': Route({'MODE': Mode(…)})}, with the values that base.Route and base.Mode say"
    )
    problems = list(_routes(routes))
    told = "; ".join(f"{name}: {', '.join(route.modes)}" for name, route in routes.items()) if not problems else ""
    yield verdict("routes", problems, told, remedy)

    switches: Any = getattr(kind, "switches", None)
    if isinstance(switches, tuple) and isinstance(kind.further_switches, tuple):
        switches = (*switches, *kind.further_switches)
    remedy = "declare `switches` as a tuple of different words, each named as one would set it: ('threads=2',)"
    told = ", ".join(switches) if isinstance(switches, tuple) and all(map(_is_text, switches)) else ""
    yield verdict("switches", list(_switches(switches)), told or "there are none", remedy)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value == value.strip() != ""


def _is_word(value: object) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _requirement(value: object) -> list[str]:
    if not isinstance(value, str):
        return [f"`requirement` is {value!r}, which is no text"]
    try:
        Requirement(value)
    except InvalidRequirement as error:
        return [f"`requirement` is {value!r}, which pip cannot install: {str(error).partition(chr(10))[0]}"]
    return []


def _routes(routes: object) -> Iterator[str]:
    if not isinstance(routes, Mapping) or not routes:
        yield f"`routes` is {routes!r}, and has no route"
        return
    for name, route in routes.items():
        where = f"routes[{name!r}]"
        if not _is_text(name):
            yield f"{where} has no name"
        if not isinstance(route, Route):
            yield f"{where} is a {type(route).__name__}, not a base.Route"
            continue
        yield from _some_of(f"{where}.ops", route.ops, OPS)
        if not isinstance(route.modes, Mapping) or not route.modes:
            yield f"{where} has no mode"
            continue
        for mode, how in route.modes.items():
            yield from _mode(f"{where}.modes[{mode!r}]", mode, how)


def _mode(where: str, name: object, mode: Any) -> Iterator[str]:
    if not _is_text(name):
        yield f"{where} has no name"
    if not isinstance(mode, Mode):
        yield f"{where} is a {type(mode).__name__}, not a base.Mode"
        return
    if mode.kind not in get_args(Kind):
        yield f"{where}.kind is {mode.kind!r}: there are {', '.join(get_args(Kind))}"
    yield from _some_of(f"{where}.probes", mode.probes, PROBES)
    if mode.kind == "declared" and tuple(mode.probes) != ("declared",):
        yield f"{where} is of the kind 'declared', and its probes are {mode.probes!r}, not ('declared',)"
    # It may be compiled: a graph can be traced for a shape alone, at the cost of tracing.
    if mode.kind == "plain" and tuple(mode.probes) == ("declared",):
        yield f"{where} only declares, and its kind is {mode.kind!r}, not 'declared'"
    if type(mode.batch) is not int or mode.batch < 1:
        yield f"{where}.batch is {mode.batch!r}: it is a whole number from 1"


def _some_of(where: str, values: Any, known: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(values, tuple) or not values:
        yield f"{where} is {values!r}: it is a tuple of some of {', '.join(known)}"
        return
    for value, number in Counter(values).items():
        if value not in known:
            yield f"{where} has {value!r}: there are {', '.join(known)}"
        elif number > 1:
            yield f"{where} has {value!r} twice"


def _switches(switches: object) -> Iterator[str]:
    if not isinstance(switches, tuple):
        yield f"`switches` is {switches!r}, not a tuple"
        return
    for value, number in Counter(switches).items():
        if not _is_text(value) or " " in str(value):
            yield f"`switches` has {value!r}, which is no word"
        elif number > 1:
            yield f"`switches` has {value!r} twice"
