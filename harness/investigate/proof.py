"""Whether a translation does the same as what was written: both are run, on all impulses, and their operators compared.

Exactly: every entry is one tap or zero. An average's are reciprocals, of which the integers must be the same. At every
combination of the size modulo the strides, with few feature maps of which there are not as many on both sides (S9).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases import stimuli
from cases.case import Case
from cases.layer import Layer, Sizes
from harness.frameworks import registry
from harness.frameworks.arrays import SPATIAL, arranged
from harness.frameworks.written import Read
from harness.investigate.assembling import Code
from harness.investigate.question import by
from harness.investigate.translation import Translation, candidates
from harness.operator import Operator
from harness.theory.expected import expected

_OURS = ("SyntaxError", "NameError", "UnboundLocalError")
_SECONDS = 600.0  # for one code at all its sizes, and with the first the framework's start


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of running a translation beside its source.

    Attributes
    ----------
    status : {'proved', 'unproved', 'different', 'refused'}
    sizes : tuple
        Of the inputs that were fed.
    why : str
        What could not be run, what was raised, or what differs.
    of_source : bool
        Whether it is the layer as it was written that was refused.
    later : bool
        Whether it is of another way than the first, which was refused when it was run.
    """

    status: str
    sizes: tuple[Sizes, ...] = ()
    why: str = ""
    of_source: bool = False
    later: bool = False

    @property
    def failed(self) -> bool:
        """Whether code was found to do something else than what it is to do."""
        return self.status == "different"


@dataclass(frozen=True, slots=True)
class Job:
    """One code to run at some sizes, for a layer of few feature maps."""

    code: Code
    layer: Layer
    sizes: tuple[Sizes, ...]

    def told(self, number: int) -> dict[str, Any]:
        """As the worker takes it."""
        kind = registry.load(registry.adapters()[self.code.framework])
        assert kind.writer is not None
        case = self.layer.at(self.sizes[0])
        return {
            "number": number,
            "code": self.code.text,
            "imports": kind.writer.imports,
            "kernel": None if case.pools else self.kernel(case).tolist(),
            "bias": None if case.pools else stimuli.bias(replace(case, bias=True)).tolist(),
            "channels": case.channels_in,
            "maximum": case.op == "max_pool",
            "data": self.code.weights.data,
            "tensor": kind.writer.tensor,
            "array": kind.writer.array,
            "sizes": self.sizes,
        }

    def kernel(self, case: Case) -> NDArray[Any]:
        """The kernel that the theory has, in the order that the source's framework keeps it in."""
        source = self.code.source
        kernel = stimuli.kernel(case)
        if source.flip:
            kernel = np.flip(kernel, axis=tuple(range(2, kernel.ndim)))
        ours = ("IO" if case.transposed else "OI") + SPATIAL[case.rank]
        kernel = arranged(kernel, ours, source.kernel.replace("M", "O"))
        if source.depthwise:
            kernel = kernel.reshape(*kernel.shape[:-2], case.channels_in, -1)
        return np.ascontiguousarray(kernel)


Ran = tuple[list[tuple[tuple[int, ...], Operator]], str]  # at each size; or what was raised
Watcher = Callable[[str, int, int], None]  # the framework, how many codes have been run, of how many


def unwatched(framework: str, done: int, total: int) -> None:
    """Nobody looks."""


def few(layer: Layer) -> Layer:
    """The layer with few feature maps: the groups' structure stays, and there are not as many on both sides."""
    if layer.pools:
        return replace(layer, channels_in=2, channels_out=2)
    if layer.groups == 1:
        return replace(layer, channels_in=2, channels_out=3)
    each = 1 if layer.groups == layer.channels_in else 2
    more = 2 if layer.channels_out > layer.groups else 1
    return replace(layer, groups=2, channels_in=2 * each, channels_out=2 * more)


def proved(read: Read, to: str, sizes: Sizes | None) -> tuple[Translation, Proof]:
    """The first translation that is proved; where nothing can be run, the first of all, unproved.

    Parameters
    ----------
    read : Read
    to : str
    sizes : tuple of int, optional
        A size of the input at which it has to hold too.
    """
    return proved_all([(read, to)], sizes)[0]


def proved_all(
    asked: Sequence[tuple[Read, str]], sizes: Sizes | None = None, watcher: Watcher = unwatched
) -> list[tuple[Translation, Proof]]:
    """As :func:`proved`, of many at once: a framework is started once for the sources, and once a round of tries."""
    tries = [_Try(read, to, sizes) for read, to in asked]
    _run_all([(one, one.choices[0][1].source) for one in tries if one.proof is None], _Try.begun, watcher)
    while waiting := [one for one in tries if one.proof is None]:
        _run_all([(one, one.choices[one.at][1].target) for one in waiting], _Try.tried, watcher)
    return [(one.told, one.proof) for one in tries if one.proof is not None]


class _Try:
    """One translation on its way to a proof: its choices are tried in turn, until one does the same."""

    def __init__(self, read: Read, to: str, sizes: Sizes | None) -> None:
        self.layer = few(read.layer)
        self.sizes = telling(read.layer, sizes)
        self.framework = read.framework
        small = replace(read, layer=self.layer)
        self.choices = list(zip(candidates(read, to), candidates(small, to), strict=True))
        self.told = self.choices[0][0]
        self.at = 0
        self.source: Ran = ([], "")
        self.refused = ""
        names = dict.fromkeys((read.framework, self.told.target.framework))
        missing = [name for name in names if not _installed(name)]
        are = "is" if len(missing) == 1 else "are"
        self.proof = Proof("unproved", (), f"{' and '.join(missing)} {are} not installed here") if missing else None

    def begun(self, ran: Ran) -> None:
        """What was written has been run."""
        self.source = ran
        if ran[1]:
            why = f"{self.framework} refuses the layer as it is written: {ran[1]}"
            self.proof = Proof("refused", self.sizes, why, of_source=True)

    def tried(self, ran: Ran) -> None:
        """A choice has been run."""
        if ran[1].startswith(_OURS):  # no framework's doing: the code is wrong
            self.proof = Proof("different", self.sizes, ran[1])
            return
        if ran[1]:
            self.refused = self.refused or ran[1]
            self.at += 1
            if self.at == len(self.choices):
                self.proof = Proof("refused", self.sizes, self.refused)
            return
        whole = self.choices[self.at][0]
        self.told = replace(whole, reason=whole.reason or self.refused)
        why = different(self.layer, self.sizes, self.source, ran)
        self.proof = Proof("different" if why else "proved", self.sizes, why, later=self.at > 0)


def _run_all(work: Sequence[tuple[_Try, Code]], take: Callable[[_Try, Ran], None], watcher: Watcher) -> None:
    """Run codes, each once, those of one framework in one process, and hand each its outcome."""
    for framework in dict.fromkeys(code.framework for _, code in work):
        mine = [(one, Job(code, one.layer, one.sizes)) for one, code in work if code.framework == framework]
        jobs = list(dict.fromkeys(job for _, job in mine))
        came = dict(zip(jobs, run(framework, jobs, watcher), strict=True))
        for one, job in mine:
            take(one, came[job])


def telling(layer: Layer, sizes: Sizes | None) -> tuple[Sizes, ...]:
    """The sizes that show all of a layer, and one more that was asked for."""
    if layer.size is not None:
        return (tuple(-(-o // s) for o, s in zip(layer.size, layer.s, strict=True)),)
    found = [layer.like(sizes)] if sizes is not None else []
    return tuple(dict.fromkeys([*found, *layer.all_residues()]))


def _installed(name: str) -> bool:
    return registry.load(registry.adapters()[name]).is_installed()


def different(layer: Layer, sizes: Sequence[Sizes], source: Ran, target: Ran) -> str:
    """What differs between two layers' operators, and from the theory's; empty where nothing does."""
    for size, (shape, mine), (other, theirs) in zip(sizes, source[0], target[0], strict=True):
        where = f"on an input of {by(size)}"
        if shape != other:
            return f"{where} the outputs have {by(shape[1:])} and {by(other[1:])}"
        if not _same(layer, mine, theirs):
            return f"{where} {_differing(mine, theirs)} of {mine.rows * mine.columns} entries of the operators differ"
        if not _same(layer, mine, expected(replace(layer, bias=False).at(size)).operator):
            return f"{where} both differ from the arithmetic"
    return ""


def _differing(a: Operator, b: Operator) -> int:
    common, of_a, of_b = np.intersect1d(a.indices, b.indices, assume_unique=True, return_indices=True)
    alone = len(a.indices) + len(b.indices) - 2 * len(common)
    return alone + int((a.values[of_a] != b.values[of_b]).sum())


def _same(layer: Layer, a: Operator, b: Operator) -> bool:
    if (a.rows, a.columns) != (b.rows, b.columns) or not np.array_equal(a.indices, b.indices):
        return False
    if layer.op != "avg_pool":
        return np.array_equal(a.values, b.values)
    parts = [1 / one.values for one in (a, b)]
    return all(bool((abs(one - np.round(one)) < 1e-3).all()) for one in parts) and bool(
        (np.round(parts[0]) == np.round(parts[1])).all()
    )


def run(framework: str, jobs: Sequence[Job], watcher: Watcher = unwatched) -> list[Ran]:
    """What codes give, in a process of the framework's own; one that ends it is told, and the others go on."""
    found: dict[int, Ran] = {}

    def take(number: int, ran: Ran) -> None:
        found[number] = ran
        watcher(framework, len(found), len(jobs))

    while len(found) < len(jobs):
        left = [number for number in range(len(jobs)) if number not in found]
        began, ended = _process(framework, [jobs[number].told(number) for number in left], take)
        if ended and began not in found:  # else it ended between two codes, which is neither's doing
            take(left[0] if began is None else began, ([], ended))
    return [found[number] for number in range(len(jobs))]


def _process(framework: str, told: list[dict[str, Any]], take: Callable[[int, Ran], None]) -> tuple[int | None, str]:
    """Run jobs until all are done, one takes too long, or the process ends; which was begun last, and how it ended."""
    reading, writing = os.pipe()
    began: int | None = None
    command = [sys.executable, "-m", "harness.investigate.code_worker", registry.adapters()[framework]]
    with (
        os.fdopen(reading) as reports,
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, pass_fds=(writing,), text=True
        ) as child,
    ):
        os.close(writing)
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        def started() -> threading.Timer:
            new = threading.Timer(_SECONDS, end)
            new.daemon = True  # who ends the program does not wait for it
            new.start()
            return new

        clock = started()
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended before it read: its status says how
            child.stdin.write(json.dumps({"reports": writing, "jobs": told}))
            child.stdin.close()
        for line in reports:
            if not line.endswith("\n"):  # it ended in the middle of it
                break
            report = json.loads(line)
            if "began" in report:
                began = report["began"]
                continue
            clock.cancel()
            clock = started()
            operators = [
                (tuple(one["shape"]), Operator.from_json(one["operator"])) for one in report.get("operators", [])
            ]
            take(report["number"], (operators, report.get("error", "")))
        code = child.wait()
        clock.cancel()
        errors.seek(0)
        last = [line.strip() for line in errors if line.strip()][-1:] or [""]
    if code == 0:
        return began, ""
    if late.is_set():
        return began, f"it was not done after {_SECONDS:g} s, and was ended"
    how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    return began, f"the process ended: {how} {last[0]}".strip()
