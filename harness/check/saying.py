"""Whether ``say`` is pure and total, seen in a process in which no framework can be imported.

``python -m harness.check.saying REFERENCE REPORT PACKAGE …``: the adapter, the file to write what was seen to, and the
packages that cannot be had.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cases.case import Case
from harness.check.layers import spread
from harness.check.result import Check, verdict
from harness.frameworks.arrays import SPATIAL
from harness.frameworks.base import Adapter, Spelling, Unsupported
from harness.frameworks.registry import load

_LIMIT = 120  # seconds

Problems = dict[str, list[str]]

# What is asked, what is told where it holds, and what to do where it does not.
_ASKED = {
    "imports": (
        "neither the module nor `say` imports a framework",
        "import the framework in __init__, and decide in `say` from the case's parameters alone",
    ),
    "total": (
        "`say` gives a Spelling or an Unsupported for {} layers",
        "return a Spelling or an Unsupported for every case and route, and raise nothing: what is out of reach is "
        "Unsupported, with the reason",
    ),
    "repeatable": (
        "`say` says the same again",
        "decide from the case and the route alone, not from anything that was kept or counted",
    ),
    "letters": (
        "the orders of the axes are orders of their letters",
        "name each axis of the data once, N C and the last of D H W, and each of the kernel, O I and the same; a "
        "pooling has no kernel. Where a layout cannot be had, say Unsupported",
    ),
    "literals": (
        "functions are named, and arguments are literals",
        "spell arguments as one would write them: text, numbers, None, tuples, lists and dicts of these",
    ),
    "reasons": (
        "what cannot be said has a reason",
        "say in a sentence, on one line, what the route lacks",
    ),
}


def saying(reference: str, packages: Sequence[str]) -> Iterator[Check]:
    """The checks of ``say``.

    Parameters
    ----------
    reference : str
        The adapter, 'MODULE:CLASS'.
    packages : sequence of str
        What must not be needed.
    """
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    with tempfile.TemporaryDirectory(prefix="convarith-") as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "harness.check.saying", reference, str(report), *packages]
        try:
            done = subprocess.run(
                command,
                env={**os.environ, "PYTHONPATH": path},
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_LIMIT,
            )
            ended = f"ended ({done.returncode}): {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}"
        except subprocess.TimeoutExpired:
            ended = f"took more than {_LIMIT} s"
        found: Problems = json.loads(report.read_text("utf-8")) if report.exists() else {"total": [f"it {ended}"]}
    layers = len(spread())
    for name, (fine, remedy) in _ASKED.items():
        yield verdict(name, found.get(name, []), fine.format(layers), remedy)


def main(arguments: Sequence[str]) -> int:
    """Look at an adapter's ``say``, and write down what is wrong with it."""
    reference, report, *packages = arguments
    missing = _Missing({name for name in packages if name not in sys.modules})
    sys.meta_path.insert(0, missing)
    found: Problems
    try:
        kind = load(reference)
    except _NotHere:
        found = {}
    except Exception as error:
        found = {"total": [f"{reference} cannot be loaded in a process of its own: {_told(error)}"]}
    else:
        found = dict(_look(kind))
    if missing.tried:
        found["imports"] = [f"{name} was asked for" for name in dict.fromkeys(missing.tried)]
    Path(report).write_text(json.dumps(found), "utf-8")
    return 0


class _NotHere(ModuleNotFoundError):
    """A framework was asked for."""


class _Missing:
    """Among the importers: packages that are not there, and which of them were asked for."""

    def __init__(self, packages: set[str]) -> None:
        self.tried: list[str] = []
        self._packages = packages

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        if name.partition(".")[0] in self._packages:
            self.tried.append(name)
            raise _NotHere(f"no {name} here: an adapter says a case without its framework", name=name)


def _look(kind: type[Adapter]) -> Problems:
    found: Problems = defaultdict(list)
    layers = [(route, case) for route in kind.routes for case in spread()]
    first: dict[tuple[str, Case], object] = {}
    for route, case in layers:
        where = f"{case.id} on {route}"
        try:
            said: Any = kind.say(case, route)
        except _NotHere:
            continue
        except Exception as error:
            found["total"].append(f"{where}: `say` raises {_told(error)}")
            continue
        if isinstance(said, Unsupported):
            _reason(said, where, found)
        elif isinstance(said, Spelling):
            _spelling(said, case, where, found)
        else:
            found["total"].append(f"{where}: `say` gives a {type(said).__name__}, neither Spelling nor Unsupported")
            continue
        first[route, case] = repr(said)
    for route, case in reversed(layers):  # in another order: what is remembered shows
        if (route, case) not in first:
            continue
        try:
            again = repr(kind.say(case, route))
        except Exception as error:
            again = _told(error)
        if again != first[route, case]:
            found["repeatable"].append(f"{case.id} on {route} is said otherwise the second time: {again}")
    return found


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _reason(said: Unsupported, where: str, found: Problems) -> None:
    reason: Any = said.reason
    if not isinstance(reason, str) or reason != reason.strip() or "\n" in reason or len(reason.split()) < 3:
        found["reasons"].append(f"{where}: the reason is {reason!r}")


def _spelling(said: Spelling, case: Case, where: str, found: Problems) -> None:
    function: Any = said.function
    if not isinstance(function, str) or not function.strip():
        found["literals"].append(f"{where}: the function is {function!r}")
    arguments: Any = said.arguments
    if not isinstance(arguments, Mapping):
        found["literals"].append(f"{where}: the arguments are a {type(arguments).__name__}, not a mapping")
    else:
        for name, value in arguments.items():
            if not isinstance(name, str) or not _is_literal(value):
                found["literals"].append(f"{where}: {name}={value!r} is no literal")
    for name, of in (("stride", str), ("divisor", str), ("flip", bool)):
        if type(getattr(said, name)) is not of:
            found["literals"].append(f"{where}: `{name}` is {getattr(said, name)!r}, no {of.__name__}")
    spatial = SPATIAL.get(case.rank, "")
    kernel = "" if case.pools else f"OI{spatial}"
    for what, letters in (("data", f"NC{spatial}"), ("kernel", kernel)):
        order: Any = getattr(said, what)
        if what == "kernel" and isinstance(order, str) and case.groups == case.channels_in > 1:
            order = order.replace("M", "O")  # a depthwise kernel has a multiplier, the output maps of each input map
        if not isinstance(order, str) or sorted(order) != sorted(letters):
            wanted = f"an order of {' '.join(letters)}" if letters else "empty: a pooling has none"
            found["letters"].append(f"{where}: the {what} is {order!r}, not {wanted}")
        elif what == "data" and case.layout != "default" and order.index("C") != _place(case):
            found["letters"].append(f"{where}: the data is {order!r}")


def _place(case: Case) -> int:
    """Where the feature maps are in a layout that a case asks for."""
    return 1 if case.layout == "channels_first" else case.rank + 1


def _is_literal(value: object) -> bool:
    try:
        read = ast.literal_eval(repr(value))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return bool(read == value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
