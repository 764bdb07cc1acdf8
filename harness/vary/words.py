"""What looks come to, in a sentence: 'only with oneDNN on, only with batch > 1; with every mode and element type'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.records import Status
from harness.vary.looks import AS_IT_WAS, BATCH, DTYPE, LAYOUT, MODE
from harness.vary.names import Names

GONE = "did not come again when it was observed by itself"

# Values that come and go are values that differ.
_ALIKE: frozenset[Status] = frozenset({"wrong_operator", "wrong_numerics", "unstable"})
_CALLED = {MODE: "mode", LAYOUT: "layout", DTYPE: "element type", BATCH: "batch"}
_DEFAULT_LAYOUT = "the default layout"

Seen = Sequence[tuple[str, Status]]  # values of a dimension, each with what came of it; its own first


@dataclass(frozen=True, slots=True)
class _Parted:
    """The values of a dimension by what came of them: the same, nothing wrong, or something else."""

    dimension: str
    same: tuple[str, ...]
    right: tuple[str, ...]
    other: Mapping[Status, tuple[str, ...]]

    @property
    def decides(self) -> bool:
        return bool(self.right)

    @property
    def is_switch(self) -> bool:
        return self.dimension not in _CALLED


def sentence(status: Status, seen: Mapping[str, Seen], names: Names) -> str:
    """On which dimensions a disagreement depends.

    Parameters
    ----------
    status : str
        Its own.
    seen : mapping
        Of each dimension the values that were looked at, with their statuses, its own value first; under an empty name
        what came of looking at it as it was. Values that show nothing of it are left out.
    names : Names
        Of switches.

    Returns
    -------
    str
        Empty if there was nothing to look at.
    """
    if any(not same(status, found) for _, found in seen.get(AS_IT_WAS, ())):
        return GONE
    parted = [_parted(name, status, of_one) for name, of_one in seen.items() if name != AS_IT_WAS and len(of_one) > 1]
    told = [_deciding(one, names) for one in parted if one.decides]
    told += [f"{_otherwise(one, names)} instead" for one in parted if not one.decides and one.other]
    constant = [one for one in parted if not one.decides and not one.other]
    if constant:
        every = all(one in constant for one in parted if one.is_switch)
        told.append(_whatever(constant, names, every_switch=every))
    return "; ".join(told)


def same(one: Status, other: Status) -> bool:
    """Whether two statuses say the same of a layer."""
    return one == other or {one, other} <= _ALIKE


def _parted(dimension: str, status: Status, seen: Seen) -> _Parted:
    other: dict[Status, tuple[str, ...]] = {}
    for value, found in seen:
        if found != "agrees" and not same(status, found):
            other[found] = (*other.get(found, ()), value)
    return _Parted(
        dimension,
        tuple(value for value, found in seen if same(status, found)),
        tuple(value for value, found in seen if found == "agrees"),
        dict(sorted(other.items())),
    )


def _deciding(one: _Parted, names: Names) -> str:
    """A dimension some of whose values are right."""
    more = f" ({_otherwise(one, names)})" if one.other else ""
    if one.dimension == BATCH:
        return _of_batches(one) + more
    few = len(one.right) < len(one.same)
    values = [_word(one.dimension, value, names) for value in (one.right if few else one.same)]
    if one.dimension in (MODE, DTYPE):
        called = _CALLED[one.dimension]
        if few:
            return f"in every {called} but {_listed(values)}{more}"
        kind = "" if one.dimension == DTYPE else "mode " if len(values) == 1 else "modes "
        return f"only in {kind}{_listed(values)}{more}"
    return f"{'not' if few else 'only'} with {_listed(values, 'or')}{more}"


def _of_batches(one: _Parted) -> str:
    """Batches are of 1, of 2, or of all inputs; one of none is a case of its own."""
    if set(one.same) == {"0"}:
        return "only with an empty batch"
    if set(one.right) == {"1"}:
        return "only with batch > 1"
    if set(one.same) == {"None"}:
        return "only with more than 2 inputs in one batch"
    return f"only with {_listed([_batch(value) for value in one.same], 'or')}"


def _otherwise(one: _Parted, names: Names) -> str:
    """What else came of some values: 'rejected in int8 and int32'."""
    joint = "in" if one.dimension in (MODE, DTYPE) else "with"
    kind = "mode " if one.dimension == MODE else ""
    told = (
        f"{status.replace('_', ' ')} {joint} {kind}{_listed([_word(one.dimension, value, names) for value in values])}"
        for status, values in one.other.items()
    )
    return ", ".join(told)


def _whatever(constant: Sequence[_Parted], names: Names, *, every_switch: bool) -> str:
    """The dimensions that make no difference."""
    switches = [one for one in constant if one.is_switch]
    words = ["switch"] if switches and every_switch else []
    words += [_CALLED[one.dimension] for one in constant if not one.is_switch]
    told = [f"with every {_listed(words)}"] if words else []
    if switches and not every_switch:
        told.append(f"whatever {_listed(list(dict.fromkeys(names.about(one.dimension) for one in switches)))}")
    return ", ".join(told)


def _word(dimension: str, value: str, names: Names) -> str:
    if dimension == LAYOUT:
        return _DEFAULT_LAYOUT if value == "default" else value.replace("_", " ")
    if dimension == BATCH:
        return _batch(value)
    return value if dimension in _CALLED else names.setting(dimension, value)


def _batch(value: str) -> str:
    return "all inputs in one batch" if value == "None" else f"batch {value}"


def _listed(words: Sequence[str], joint: str = "and") -> str:
    *first, last = words
    return f"{', '.join(first)} {joint} {last}" if first else last
