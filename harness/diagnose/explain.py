"""From a reading to its causes: geometries are tried from the nearest on, and the smallest set of causes is taken."""

from __future__ import annotations

from harness.diagnose import averages, borders, changes, gaps, kernels, maxima, outputs, parts, sweeps
from harness.diagnose.fitting import geometries
from harness.diagnose.geometry import Geometry, Sweep
from harness.diagnose.reading import Reading
from harness.diagnose.record import Cause, Kind
from harness.diagnose.suspects import suspects
from harness.theory.expected import expected
from harness.theory.matrix import output_size

Explanation = tuple[list[Cause], tuple[Sweep, ...] | None]


def explain(reading: Reading) -> Explanation:
    """The smallest set of causes that explains every entry, and the parameters read off; no cause if there is none.

    One cause of any sort comes before several: first the parameters and the kernel, then what is wrong in parts.
    """
    if reading.same_shape and not reading.differs.any():
        return [], None
    plain = parts.plain(reading)
    if plain is not None:
        return [plain], None
    best: Explanation = ([], None)
    for geometry in geometries(reading):
        found = _under(reading, geometry)
        if found and (not best[0] or _weight(found) < _weight(best[0])):
            best = (found, geometry.axes)
        if _weight(best[0])[0] == 1:
            return best
    for tell in (parts.turned, maxima.cause, borders.cause, maxima.of_blind_windows, _suspect, parts.cause):
        cause = tell(reading)
        if cause is not None:
            return [cause], None
    said, all_of_it = outputs.causes(reading)
    several = [best, (said if all_of_it else [], None), _with_gaps(reading)]
    return min((one for one in several if one[0]), key=lambda one: _weight(one[0]), default=([], None))


def _weight(causes: list[Cause]) -> tuple[int, int]:
    """How much causes say together; of as much, taps that stand elsewhere come before taps that are others."""
    return sum(cause.weight for cause in causes), sum(cause.kind == "taps" for cause in causes)


def _with_gaps(reading: Reading) -> Explanation:
    """An explanation under which some outputs are not written, or some inputs not read."""
    if reading.case.pools:
        return [], None
    for geometry in geometries(reading):
        found = gaps.shown(reading, geometry)
        values = None if found is None else changes.causes(reading, found[0])
        if found is not None and values is not None:
            return [*sweeps.causes(reading.case, reading.probe, geometry), *values, *found[1]], geometry.axes
    return [], None


def _under(reading: Reading, geometry: Geometry) -> list[Cause] | None:
    """All causes if the geometry explains the operator; None if it does not."""
    values: list[Cause] | None
    if reading.case.op == "max_pool":
        shares = averages.shares(reading, geometry) if reading.probe == "forward" else None
        values = None if shares is None or not (shares[shares != 0] == 1).all() else []
    elif reading.case.op == "avg_pool":
        shares = averages.shares(reading, geometry)
        values = None if shares is None else averages.causes(reading, geometry, shares)
    else:
        shown = kernels.shown(reading, geometry)
        values = None if shown is None else changes.causes(reading, shown)
    return None if values is None else [*sweeps.causes(reading.case, reading.probe, geometry), *values]


def _suspect(reading: Reading) -> Cause | None:
    """The one mistake that gives this very operator, where too little of it is seen to say the parameters."""
    rows = reading.rows
    found: dict[str, Kind] = {}
    for kind, words, other in suspects(reading.case):
        if output_size(other) == reading.outputs[1:]:
            theory = expected(other)
            operator = theory.adjoint if reading.probe == "adjoint" else theory.operator
            if operator.columns == rows.shape[1] and (operator.dense() == rows).all():
                found[words] = kind
    kinds = set(found.values())
    return Cause(kinds.pop(), f"as for {', or '.join(list(found)[:3])}") if len(kinds) == 1 else None
