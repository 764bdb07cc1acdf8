"""From a case and what was observed of it to a diagnosis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cases.case import Case
from harness.diagnose import matrices, outputs, shapes, sums
from harness.diagnose.explain import explain
from harness.diagnose.places import by
from harness.diagnose.reading import Reading, read, same
from harness.diagnose.record import Cause, Diagnosis
from harness.operator import Operator
from harness.records import Probe
from harness.theory.expected import Expected

_SUBJECTS: dict[str, str] = {"adjoint": "gradient: ", "direct": "equivalent direct convolution: "}


@dataclass(frozen=True)
class _Seen:
    """What was observed of a case, and what was expected."""

    case: Case
    probe: Probe
    theory: Expected
    wanted: Sequence[int]
    shape: Sequence[int | None]
    operator: Operator | None

    @property
    def sizes(self) -> tuple[int, ...]:
        """Shape of one output."""
        return tuple(size or 0 for size in self.shape[1:])

    @property
    def shape_alone(self) -> bool:
        """Whether nothing but a shape was seen: values that no mistake explains refute those of a right shape."""
        return self.operator is None or self.probe == "bias" or not self.operator.rows * self.operator.columns

    @property
    def right_shape(self) -> bool:
        """Whether at least the shape is right; a size that is unknown is not wrong."""
        return len(self.shape) == len(self.wanted) and all(
            one in (None, other) for one, other in zip(self.shape, self.wanted, strict=True)
        )


def diagnose(
    case: Case,
    probe: Probe,
    theory: Expected,
    *,
    wanted: Sequence[int],
    shape: Sequence[int | None],
    operator: Operator | None,
) -> Diagnosis:
    """Why what was observed of a case is not what the theory says.

    Parameters
    ----------
    probe : str
        What was observed.
    theory : Expected
        What is expected of the case.
    wanted, shape : sequence of int
        The shape that was expected, and the one that was returned or declared; batch first, feature maps second.
    operator : Operator or None
        What the probe showed; None where it shows a shape alone.

    Returns
    -------
    Diagnosis
    """
    seen = _Seen(case, probe, theory, wanted, shape, operator)
    if probe in ("bias", "dense"):
        causes, reading, axes = _of_sums(seen), None, None
    else:
        reading = None
        if operator is not None and len(shape) == len(wanted):
            reading = read(case, probe, theory, seen.sizes, operator)
        causes, axes = explain(reading) if reading is not None else ([], None)
    if not causes and not seen.right_shape:
        found = shapes.cause(case, wanted, shape, alone=seen.shape_alone)
        causes = [] if found is None else [found]
    elif not causes and probe == "adjoint" and operator is None:
        causes = [Cause("shape", "has not its input's shape")]
    expected, observed = ("", "") if reading is None else _matrices(reading, theory)
    perhaps = () if causes or seen.right_shape else _perhaps(seen)
    return Diagnosis(tuple(causes), _sentence(seen, causes, reading, perhaps), axes, expected, observed, perhaps)


def _sentence(seen: _Seen, causes: Sequence[Cause], reading: Reading | None, perhaps: Sequence[Cause]) -> str:
    if causes:
        said = _SUBJECTS.get(seen.probe, "") + "; and ".join(cause.words for cause in causes)
        return f"{said}; {_of_shape(seen)}" if reading is None and not seen.right_shape else said
    if not seen.right_shape:
        known = "; o would be that for " + ", or ".join(cause.words for cause in perhaps) if perhaps else ""
        return f"no explanation: {_of_shape(seen)}{known}"
    if seen.probe in ("bias", "dense"):
        return f"no explanation: {_of_output(seen)}"
    if reading is None:
        return "no explanation: there is no operator to see"
    partly = [cause.words for cause in outputs.causes(reading)[0]]
    return "; ".join([f"no explanation: {_of_entries(reading)}", *partly])


def _of_sums(seen: _Seen) -> list[Cause]:
    """What the output for one input says."""
    theory, operator, sizes = seen.theory, seen.operator, seen.sizes
    expected = theory.bias if seen.probe == "bias" else theory.dense
    if expected is None or operator is None or len(seen.shape) != len(seen.wanted):
        return []
    if math.prod(sizes) != operator.rows or not operator.rows:
        return []
    found, wanted = operator.dense()[:, 0], expected.dense()[:, 0]
    if seen.probe == "dense":
        cause = sums.of_dense(seen.case, sizes, found, wanted)
    else:
        cause = sums.of_zeros(seen.case, sizes, found, wanted)
    return [] if cause is None else [cause]


def _matrices(reading: Reading, theory: Expected) -> tuple[str, str]:
    if not reading.wanted.size:
        return "", ""
    both = (reading.wanted_rows, theory.shape), (reading.rows, reading.outputs)
    return matrices.pair(*both, reading.inputs, shares=reading.case.op == "avg_pool")


def _of_shape(seen: _Seen) -> str:
    """What differs of a shape."""
    verb = "declared" if seen.probe == "declared" else "returned"
    return f"shape {by(seen.wanted)} expected, {by(seen.shape)} {verb}"


def _perhaps(seen: _Seen) -> tuple[Cause, ...]:
    """Simple mistakes that lead to a size, where there are a few."""
    if not seen.shape_alone or not shapes.of_one_size(seen.wanted, seen.shape):
        return ()
    known = [Cause(kind, words) for kind, words in shapes.candidates(seen.case, seen.shape[2:])]
    return tuple(known) if 1 < len(known) <= 3 else ()


def _of_output(seen: _Seen) -> str:
    """Which output for zeros or a dense input differs first."""
    expected = seen.theory.bias if seen.probe == "bias" else seen.theory.dense
    if expected is None or seen.operator is None:
        return "there is no output to see"
    a, b = expected.dense()[:, 0], seen.operator.dense()[:, 0]
    row = int(np.flatnonzero(~same(a, b))[0])
    output = tuple(int(n) for n in np.unravel_index(row, seen.theory.shape))
    differs = f"output {output} is {b[row]:g}, not {a[row]:g}"
    if seen.probe == "bias":
        return f"of zeros, {differs}"
    return f"of a dense input, {differs}; where the forward operator differs too, its diagnosis says why"


def _of_entries(reading: Reading) -> str:
    """How much of an operator differs, and where first."""
    row, column = np.argwhere(reading.differing_rows)[0]
    output = tuple(int(n) for n in np.unravel_index(row, reading.outputs))
    source = tuple(int(n) for n in np.unravel_index(column, reading.inputs))
    return (
        f"{int(reading.differs.sum())} of {reading.differs.size} entries of the operator differ, first output {output} "
        f"from input {source}: {reading.wanted_rows[row, column]:g} expected, {reading.rows[row, column]:g} observed"
    )
