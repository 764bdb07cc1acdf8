"""One observation as a script that needs the framework alone, beside what the theory says it prints.

An adapter writes what is fed and computed (:meth:`harness.frameworks.base.Adapter.write`). What is read off it, an
operator's rows or a gradient's or a shape, is the same for all, and added here with what is expected, in comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cases import stimuli
from cases.case import Case
from harness.frameworks.arrays import letters, numpy_dtype
from harness.frameworks.base import Adapter, Call, Unsupported
from harness.frameworks.scripts import Script
from harness.judge import aspect, expectation
from harness.observe import probe as probing
from harness.records import Probe, Surface
from harness.theory.expected import expected

ENTRIES = 1000  # of a matrix that NumPy prints whole
ROWS = 4  # shown of a larger one


@dataclass(frozen=True, slots=True)
class Repro:
    """A script that shows one aspect of a case on a surface.

    Attributes
    ----------
    text : str
        A Python program. It leaves in ``y`` what was computed, and in ``rows`` the operator that it shows.
    ours : bool
        Whether it needs convarith as well as the framework.
    """

    text: str
    ours: bool


def repro(
    adapter: type[Adapter], case: Case, surface: Surface, probe: Probe, *, brief: bool = False, rows: Sequence[int] = ()
) -> Repro | Unsupported:
    """Write a script.

    Parameters
    ----------
    adapter : type of Adapter
    case : Case
    surface : Surface
    probe : str
        One that the case has.
    brief : bool
        Whether it is known to end the process, so that nothing is read off afterwards.
    rows : sequence of int
        Which rows of an operator too large to print whole are worth printing; the first ones, if left out.

    Returns
    -------
    Repro, or Unsupported if the route has no way to say the case.
    """
    calls = probing.prepare(adapter, case, surface.route, surface.mode, probe)
    if isinstance(calls, Unsupported):
        return calls
    call = calls[0]
    script = adapter.write(call, surface.switch)
    told = [f"# {case.id}", f"# {surface}, {probe}", *_about(case, probe, calls), *script.lines]
    told += _shown(case, probe, call, script, brief=brief, rows=rows)
    return Repro("\n".join(told) + "\n", script.ours)


def _about(case: Case, probe: Probe, calls: Sequence[Call]) -> list[str]:
    """What one has to know of what is fed."""
    if len(calls) == 1 or probe == "declared":
        return []
    return [f"# Of taps 1, 2, 3 … the last digit to the base {stimuli.base(case)}: {case.dtype} has not all of them."]


def _shown(case: Case, probe: Probe, call: Call, script: Script, *, brief: bool, rows: Sequence[int]) -> list[str]:
    theory = expectation(case.id)
    shape = _in_order(_output_shape(case, probe, call), script.data)
    nothing = ""
    if not theory.defined:
        nothing = f"an error, since there is nothing to compute (o = {'×'.join(map(str, theory.sizes))}); or "
    if probe == "declared":
        return [f"print(y)  # expected: {nothing}{shape}"]
    if brief or case.batch == 0:
        return [f"print(y.shape)  # expected: {nothing}{shape}"]
    if not theory.defined:
        return [f"print(y.shape, y.ravel(), sep='\\n')  # expected: {nothing}{shape}"]
    wanted = _wanted(case, probe)
    chosen = _chosen(wanted, rows)
    cut = f"[{list(chosen)}]" if len(chosen) < len(wanted) else ""
    told = [f"rows = {_rows(case, probe, call, script)}", f"print(y.shape, rows{cut}, sep='\\n')"]
    printed = np.array2string(wanted[list(chosen)] if cut else wanted).splitlines()
    return [*told, f"# expected: {shape}, and", *(f"# {line}" for line in printed)]


def _rows(case: Case, probe: Probe, call: Call, script: Script) -> str:
    """An expression of ``y`` for the operator, a row for each output."""
    y, ours = "y", letters(case.rank, first=True)
    if script.data != ours and not case.channels_in == case.channels_out == 1:
        last = script.data == letters(case.rank, first=False)
        y = "np.moveaxis(y, -1, 1)" if last else f"y.transpose({tuple(script.data.index(one) for one in ours)})"
    if probe == "adjoint":
        return f"{y}.reshape(len(y), -1)"
    if call.bias is not None and probe == "forward":
        return f"({y} - {y}[-1:])[:-1].reshape(len(y) - 1, -1).T"
    ground = " + 2" if case.op == "max_pool" and probe == "forward" else ""
    return f"{y}.reshape(len(y), -1).T{ground}"


def _output_shape(case: Case, probe: Probe, call: Call) -> tuple[int, ...]:
    """Of ``y``, maps first."""
    sizes = aspect(case.id, probe)[0][1:]
    if probe == "adjoint":
        outputs = int(np.prod(sizes)) if case.batch != 0 else 0
        return (outputs, *call.x.shape[1:])
    return (call.x.shape[0], *sizes)


def _in_order(shape: tuple[int, ...], data: str) -> tuple[int, ...]:
    ours = letters(len(data) - 2, first=True)
    return tuple(shape[ours.index(letter)] for letter in data)


def _wanted(case: Case, probe: Probe) -> NDArray[np.generic]:
    """The operator that must be seen, in the element type that it is printed in."""
    theory = expected(case)
    operator = {"adjoint": theory.adjoint, "bias": theory.bias, "dense": theory.dense}.get(probe, theory.operator)
    assert operator is not None, "nobody looks at sums that would not be exact"
    dense = operator.dense()
    if not case.pools and probe in ("forward", "adjoint", "direct"):  # the first pass has the taps' last digits
        dense = np.where(dense > 0, (dense - 1) % stimuli.base(case) + 1, dense)
    return dense.astype(numpy_dtype(case))


def _chosen(wanted: NDArray[np.generic], rows: Sequence[int]) -> Sequence[int]:
    if wanted.size <= ENTRIES:
        return range(len(wanted))
    most = max(1, min(ROWS, ENTRIES // max(wanted.shape[1], 1)))
    return [row for row in rows if row < len(wanted)][:most] or range(most)
