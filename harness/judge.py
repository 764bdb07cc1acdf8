"""The theory against what was observed: one verdict for each aspect of each case on each surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from cases import stimuli
from cases.case import Case, parse
from cases.claims import BY_ID, claims
from cases.statements import statements
from harness.diagnose import Diagnosis, diagnose
from harness.operator import Operator
from harness.records import Observation, Probe, Status, Verdict
from harness.theory.expected import Expected, expected


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is claimed of a case, in the form that observations are held against.

    Attributes
    ----------
    claims : tuple of str
        Ids of those that speak of the case.
    sizes : tuple of int
        The claimed output size along each axis; not positive where there is nothing to compute.
    defined : bool
        Whether there is anything to compute.
    aspects : dict
        Of each aspect: the shape that is returned, batch first, and the digest of the operator that it shows, None
        where it shows a shape alone.
    contradiction : str
        What is wrong in ourselves, if a closed form and the operator's shape differ; else empty.
    """

    claims: tuple[str, ...]
    sizes: tuple[int, ...]
    defined: bool
    aspects: dict[Probe, tuple[tuple[int, ...], str | None]]
    contradiction: str


@lru_cache(maxsize=65536)
def expectation(case_id: str) -> Expectation:
    """What is claimed of a case.

    Every claim about the case must give the sizes that the operator has, which is built without them. Where they
    contradict each other, the fault is ours.
    """
    case = parse(case_id)
    theory = _theory(case_id)
    held = claims(case)
    sizes = {name: BY_ID[name].size(case) for name in held}
    contradiction = "" if held else "no claim is made about it"
    for name, size in sizes.items():
        if tuple(max(0, o) for o in size) != theory.shape[1:]:
            contradiction = f"{name} claims {_size(size)}, but the operator has {_size(theory.shape[1:])}"
    return Expectation(
        held, sizes[held[0]] if held else theory.shape[1:], theory.defined, _aspects(case, theory), contradiction
    )


def _aspects(case: Case, theory: Expected) -> dict[Probe, tuple[tuple[int, ...], str | None]]:
    if case.batch == 0:  # the shape of nothing, and no entries
        empty = (0, *theory.shape)
        return {
            "forward": (empty, Operator.empty(theory.operator.rows, 0).digest),
            "bias": (empty, Operator.empty(theory.operator.rows, 0).digest),
            "adjoint": (empty, Operator.empty(0, theory.operator.columns).digest),
            "declared": (empty, None),
        }
    forward = (theory.operator.columns, *theory.shape), theory.operator.digest
    adjoint = forward[1] if theory.adjoint is theory.operator else theory.adjoint.digest
    aspects: dict[Probe, tuple[tuple[int, ...], str | None]] = {
        "forward": forward,
        "direct": forward,
        "adjoint": ((1, *theory.shape), adjoint),
        "bias": ((1, *theory.shape), theory.bias.digest),
        "declared": ((stimuli.declared_batch(case), *theory.shape), None),
    }
    if theory.dense is not None:
        aspects["dense"] = ((1, *theory.shape), theory.dense.digest)
    return aspects


@lru_cache(maxsize=512)
def _theory(case_id: str) -> Expected:
    return expected(parse(case_id))


def is_evidence(observation: Observation) -> bool:
    """Whether an observed operator differs from the expected one, and so is worth keeping whole."""
    return observation.digest != expectation(observation.case_id).aspects[observation.probe][1]


def kept(observation: Observation) -> Observation:
    """An observation as it is worth keeping: an operator that is as expected is known by its digest."""
    return observation if is_evidence(observation) else replace(observation, operator=None)


def judge(observations: Iterable[Observation]) -> Iterator[Verdict]:
    """Verdicts on observations, in the order of their keys, whatever order they come in."""
    return judge_in_order(sorted(observations, key=lambda seen: seen.key))


def judge_in_order(observations: Iterable[Observation]) -> Iterator[Verdict]:
    """Verdicts on observations that come in the order of their keys, however many they are."""
    for _, same in groupby(observations, key=lambda seen: seen.key):
        yield _verdict(list(same))


def _verdict(observations: Sequence[Observation]) -> Verdict:
    first = observations[0]
    theory = expectation(first.case_id)
    if len({seen.digest for seen in observations}) > 1:  # values that come and go explain nothing
        first = replace(first, operator=None)
    sizes = _size(theory.sizes)
    if not theory.defined:
        why = "no output maps" if min(theory.sizes, default=0) > 0 else "nothing to compute"
        sizes = f"{why} ({sizes})"
    status, seen, diagnosis = _status(theory, first)
    different = {_size_or_error(seen): seen for seen in observations}
    if theory.contradiction:
        status, diagnosis = "harness_error", theory.contradiction
    elif len(observations) > 1 and len({_content(theory, seen) for seen in observations}) > 1:
        status, seen = "unstable", " / ".join(different)
        diagnosis = f"{len(observations)} observations of the same case differ"
    return Verdict(
        case_id=first.case_id,
        surface=first.surface,
        aspect=first.probe,
        relationships=(*theory.claims, *statements(parse(first.case_id), first.probe)),
        status=status,
        expected=sizes,
        observed=seen,
        diagnosis=diagnosis,
    )


def status(seen: Observation) -> Status:
    """What one observation, by itself, is against the theory. Costs little: what differs is not looked for."""
    theory = expectation(seen.case_id)
    return "harness_error" if theory.contradiction else _status(theory, seen, diagnosed=False)[0]


def _status(theory: Expectation, seen: Observation, *, diagnosed: bool = True) -> tuple[Status, str, str]:
    """Status, what was observed, and the diagnosis."""
    said = _size_or_error(seen)
    if seen.outcome == "unsupported":
        return "unsupported", seen.text or "", ""
    if seen.outcome == "harness_error":
        return "harness_error", said, "the harness failed, not the framework"
    if seen.outcome in ("crashed", "timed_out"):
        return seen.outcome, said, f"the process ended: {seen.error}" if seen.outcome == "crashed" else said
    if seen.outcome == "raised":
        if theory.defined:
            return "rejected", said, f"a defined case was refused: the output has {_size(theory.sizes)}"
        return "agrees", said, ""
    assert seen.shape is not None
    shape, digest = theory.aspects[seen.probe]
    if len(seen.shape) != len(shape) or any(
        one not in (None, other) for one, other in zip(seen.shape, shape, strict=True)
    ):
        if not theory.defined and min((size or 0 for size in seen.shape[1:]), default=0) > 0:
            return "accepted", said, f"there is nothing to compute, {_size(theory.sizes)}, yet a result was returned"
        return "wrong_shape", said, difference(seen).sentence if diagnosed else ""
    if seen.digest != digest:
        return "wrong_operator", said, difference(seen).sentence if diagnosed else ""
    return "agrees", said, ""


def difference(seen: Observation) -> Diagnosis:
    """Why a shape or an operator that was observed differs from the expected one; something must have been returned."""
    assert seen.shape is not None
    shape, _ = expectation(seen.case_id).aspects[seen.probe]
    operator = None if seen.operator is None else Operator.from_json(seen.operator)
    case, theory = parse(seen.case_id), _theory(seen.case_id)
    return diagnose(case, seen.probe, theory, wanted=shape, shape=seen.shape, operator=operator)


def content(seen: Observation) -> tuple[object, ...]:
    """What of an observation is the same whenever it is made, if the framework is."""
    return _content(expectation(seen.case_id), seen)


def _content(theory: Expectation, seen: Observation) -> tuple[object, ...]:
    """What must be the same when a case is observed again: not the words of an error, which may hold addresses.

    Nor the values of an output that should not be there, or not of that size: they may be memory that nobody wrote.
    """
    shape, _ = theory.aspects[seen.probe]
    digest = seen.digest if theory.defined and seen.shape == shape else None
    return (seen.outcome, seen.shape, digest, seen.error)


def _size_or_error(seen: Observation) -> str:
    if seen.outcome == "returned" and seen.shape is not None:
        return _size(seen.shape[2:])
    if seen.outcome in ("crashed", "timed_out"):
        return seen.error or ""  # what the process printed differs from run to run
    return ": ".join(filter(None, (seen.error, seen.text)))


def _size(sizes: tuple[int | None, ...]) -> str:
    return f"o = {_shape(sizes)}"


def _shape(sizes: tuple[int | None, ...]) -> str:
    return "×".join("?" if size is None else str(size) for size in sizes)
