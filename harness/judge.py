"""The theory against what was observed: one verdict for each aspect of each case on each surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from cases import stimuli
from cases.case import parse
from cases.claims import BY_ID, claims
from cases.statements import statements
from harness.diagnose import Diagnosis, diagnose
from harness.operator import Operator
from harness.records import Observation, Probe, Status, Verdict
from harness.theory.expected import Expected, expected

Aspect = tuple[tuple[int, ...], str | None]
"""The shape that is returned, batch first, and the digest of the operator that it shows, None where it shows none."""


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
    contradiction : str
        What is wrong in ourselves, if a closed form and the operator's shape differ; else empty.
    """

    claims: tuple[str, ...]
    sizes: tuple[int, ...]
    defined: bool
    contradiction: str


@lru_cache(maxsize=65536)
def expectation(case_id: str) -> Expectation:
    """What is claimed of a case.

    Every claim about the case must give the sizes that the operator has, which is built without them. Where they
    contradict each other, the fault is ours.
    """
    case, theory = parse(case_id), _theory(case_id)
    shape = theory.shape  # counted without building the operator
    held = claims(case)
    sizes = {name: BY_ID[name].size(case) for name in held}
    contradiction = "" if held else "no claim is made about it"
    for name, size in sizes.items():
        if tuple(max(0, o) for o in size) != shape[1:]:
            contradiction = f"{name} claims {_size(size)}, but the operator has {_size(shape[1:])}"
    return Expectation(held, sizes[held[0]] if held else shape[1:], theory.defined, contradiction)


@lru_cache(maxsize=1 << 17)  # all of a night's cases: each is seen on many surfaces, one after the other
def aspect(case_id: str, probe: Probe) -> Aspect:
    """What is expected of one aspect of a case; the aspects that nobody looks at are not worked out."""
    case, theory = parse(case_id), _theory(case_id)
    if case.batch == 0:
        return _of_nothing(theory, probe)
    if probe == "declared":
        return (stimuli.declared_batch(case), *theory.shape), None
    if probe in ("forward", "direct"):
        return (theory.operator.columns, *theory.shape), theory.operator.digest
    operator = theory.adjoint if probe == "adjoint" else theory.bias if probe == "bias" else theory.dense
    assert operator is not None, "nobody looks at sums that would not be exact"
    return (1, *theory.shape), operator.digest


def _of_nothing(theory: Expected, probe: Probe) -> Aspect:
    """The shape of an empty batch, and no entries."""
    rows, columns = (0, theory.operator.columns) if probe == "adjoint" else (theory.operator.rows, 0)
    return (0, *theory.shape), None if probe == "declared" else Operator.empty(rows, columns).digest


@lru_cache(maxsize=512)
def _theory(case_id: str) -> Expected:
    return expected(parse(case_id))


def is_evidence(observation: Observation) -> bool:
    """Whether an observed operator differs from the expected one, and so is worth keeping whole."""
    return observation.digest != aspect(observation.case_id, observation.probe)[1]


def kept(observation: Observation) -> Observation:
    """An observation as it is worth keeping: an operator that is as expected is known by its digest."""
    if observation.operator is None or is_evidence(observation):
        return observation
    return replace(observation, operator=None)


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
    elif what := _differing([_content(theory, seen) for seen in observations]):
        status, seen = "unstable", " / ".join(sorted(different))
        diagnosis = f"{len(observations)} observations of the same case differ in {what}"
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
    shape, digest = aspect(seen.case_id, seen.probe)
    if len(seen.shape) != len(shape) or any(
        one not in (None, other) for one, other in zip(seen.shape, shape, strict=True)
    ):
        if not theory.defined and min((size or 0 for size in seen.shape[1:]), default=0) > 0:
            return "accepted", said, f"there is nothing to compute, {_size(theory.sizes)}, yet a result was returned"
        return "wrong_shape", said, diagnosis(seen).sentence if diagnosed else ""
    if seen.digest != digest:
        return "wrong_operator", said, diagnosis(seen).sentence if diagnosed else ""
    return "agrees", said, ""


def diagnosis(seen: Observation) -> Diagnosis:
    """Why an observed shape or operator differs from the expected one.

    Parameters
    ----------
    seen : Observation
        Of a layer that returned something; with its operator, where it shows one.
    """
    assert seen.shape is not None
    shape, _ = aspect(seen.case_id, seen.probe)
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
    shape, _ = aspect(seen.case_id, seen.probe)
    digest = seen.digest if theory.defined and seen.shape == shape else None
    return (seen.outcome, seen.shape, digest, seen.error)


def _differing(contents: Sequence[tuple[object, ...]]) -> str:
    """The first thing in which contents differ, since what follows from it differs too; empty where they are alike."""
    names = ("how they ended", "their shape", "their values", "their error")
    return next((name for name, those in zip(names, zip(*contents, strict=True), strict=True) if len({*those}) > 1), "")


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
