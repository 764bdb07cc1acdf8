"""Which values of a grid's part can occur together.

This is for checking what makes a grid's cases, and shares nothing with it: it is worked out from a part's values alone,
by trying to construct cases. Values can occur together if some case has them that can be constructed, says its padding
as :func:`cases.conventions.numbers` does, and has a claim made about it, one of the part's own if it names some.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations, combinations_with_replacement, product
from typing import Any

from cases.case import Axis, Case, Op, Padding
from cases.claims import BY_ID
from cases.conventions import numbers
from cases.grid import Part

BY_NAME = "by name"  # the value of p where a name says it

Value = int | str  # as a grid file says it
Said = dict[str, Value]  # by the names of letters, or of a layer's properties
Values = tuple[tuple[str, Value], ...]  # a few of them
Factor = tuple[int, str]  # an axis's place from 1 on, or 0 for the layer, and a name

# All that a claim may ask of a layer beside its axes: batch, bias, element type and layout change no size.
_ASKED = ("channels_in", "channels_out", "groups", "ceil_mode", "count_include_pad", "divisor")


def letters(case: Case, axis: Axis) -> Said:
    """An axis of a case in the letters, as a grid file says them.

    p is 'by name' where a name says it. Where the padding of a transposed convolution is 'same', a is how much smaller
    than s·i' the output is.
    """
    found: Said = {"i": axis.i, "k": axis.k, "s": axis.s, "d": axis.d}
    found["p"] = _ends(axis.p_before, axis.p_after) if case.padding == "explicit" else BY_NAME
    if case.transposed:
        size = axis.s * (axis.i - 1) + axis.a + axis.k_hat - axis.p_before - axis.p_after
        found["a"] = axis.s * axis.i - size if case.padding == "same" else axis.a
    return found


def properties(case: Case) -> Said:
    """What a case has beside its axes, as a grid file says it; without what its operation has not."""
    found: Said = {
        "padding": case.padding,
        "channels": f"{case.channels_in}:{case.channels_out}",
        "groups": case.groups,
        "batch": -1 if case.batch is None else case.batch,
        "bias": case.bias,
        "ceil_mode": case.ceil_mode,
        "count_include_pad": case.count_include_pad,
        "divisor": case.divisor or 0,
        "dtype": case.dtype,
        "layout": case.layout,
    }
    return {name: value for name, value in found.items() if _has(case.op, name)}


def axis_values(part: Part, op: Op) -> dict[str, list[Value]]:
    """A part's values of each letter that an operation has; of p, one for all names."""
    found: dict[str, list[Value]] = {letter: list(part.numbers(letter)) for letter in "iksd"}
    found["p"] = [*(_ends(*pair) for pair in part.ends), BY_NAME]
    return {**found, "a": list(part.numbers("a"))} if op == "conv_transpose" else found


def layer_values(part: Part, op: Op) -> dict[str, list[Value]]:
    """A part's values of each property that an operation has; a pooling has as many output as input maps."""
    found = {name: list(getattr(part.layer, name)) for name in part.layer.__struct_fields__ if _has(op, name)}
    maps = [[int(number) for number in text.split(":")] for text in found["channels"]]
    found["channels"] = list(dict.fromkeys(f"{n}:{n if op in ('avg_pool', 'max_pool') else m}" for n, m in maps))
    return found


def _has(op: Op, name: str) -> bool:
    if name in ("groups", "bias"):
        return op in ("conv", "conv_transpose")
    if name in ("count_include_pad", "divisor"):
        return op == "avg_pool"
    return name != "ceil_mode" or op in ("avg_pool", "max_pool")


def _ends(before: int, after: int) -> Value:
    return before if before == after else f"{before}_{after}"


class Feasible:
    """What a part can have, of one operation in one number of axes.

    Parameters
    ----------
    part : Part
    op : str
    rank : int
    strength : int
        Of how many values it will be asked at once, at most.
    """

    def __init__(self, part: Part, op: Op, rank: int, strength: int) -> None:
        paddings = dict.fromkeys(part.layer.padding)
        self._blocks = [_Block(_kinds(part, op, padding), rank, strength, part.square) for padding in paddings]

    def __call__(self, combination: Iterable[tuple[Factor, Value]]) -> bool:
        """Whether values can occur together. Only which places are the same matters, not which places they are."""
        by_place: dict[int, Values] = {}
        for (place, name), value in combination:
            by_place[place] = (*by_place.get(place, ()), (name, value))
        layer = by_place.pop(0, ())
        axes = list(by_place.values())
        return any(block.can_have(layer, axes) for block in self._blocks)


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Layers and axes of a part, sorted into kinds: the same claims speak of two of a kind, in whatever company.

    Attributes
    ----------
    layers, axes : _Sorted
    claimed : callable
        Whether a claim speaks of a layer of some kind with axes of some kinds.
    """

    layers: _Sorted
    axes: _Sorted
    claimed: Callable[[int, Sequence[int]], bool]


class _Sorted:
    """Layers or axes by their values, and the kinds that they are of. Sets are numbers, a bit for each member."""

    def __init__(self, said: Sequence[Said], kinds: Sequence[Hashable]) -> None:
        self._all = (1 << len(said)) - 1
        self._with: dict[tuple[str, Value], int] = {}
        self._of: dict[Hashable, int] = {}
        self._known: dict[Values, tuple[int, ...]] = {}
        for number, (values, kind) in enumerate(zip(said, kinds, strict=True)):
            for value in values.items():
                self._with[value] = self._with.get(value, 0) | 1 << number
            self._of[kind] = self._of.get(kind, 0) | 1 << number
        self.first = [(members & -members).bit_length() - 1 for members in self._of.values()]

    def having(self, values: Values) -> tuple[int, ...]:
        """The kinds of which a member has some values."""
        if values not in self._known:
            found = self._all
            for value in values:
                found &= self._with.get(value, 0)
            self._known[values] = tuple(kind for kind, members in enumerate(self._of.values()) if members & found)
        return self._known[values]


@lru_cache(maxsize=64)
def _kinds(part: Part, op: Op, padding: Padding) -> _Kinds:
    wanted = [BY_ID[name] for name in part.claims or BY_ID if op in BY_ID[name].ops]
    layers, axes = list(_layers(part, op, padding)), list(_axes(part, op, padding))
    modes = [tuple(layer[name] for name in _ASKED) for _, layer in layers]
    of_mode = {mode: layer for mode, (_, layer) in zip(modes, layers, strict=True)}

    def told(axis: Axis, layer: dict[str, Any]) -> tuple[bool, ...]:
        case = Case(op=op, axes=(axis,), **layer)
        return tuple(claim.domain(axis) and claim.layer(case) for claim in wanted)

    # A claim speaks of a case if every axis lies in its domain, and the layer, with some or with all of its axes, is of
    # the right sort. So what an axis has to do with it shows where it is the only one.
    of_axis = [
        (tuple(claim.domain(axis) for claim in wanted), *(told(axis, layer) for layer in of_mode.values()))
        for _, axis in axes
    ]
    sorted_axes = _Sorted([said for said, _ in axes], of_axis)
    sample = [axes[first][1] for first in sorted_axes.first]
    of_layer = {mode: tuple(told(axis, layer) for axis in sample) for mode, layer in of_mode.items()}
    sorted_layers = _Sorted([said for said, _ in layers], [of_layer[mode] for mode in modes])

    def claimed(layer: int, along: Sequence[int]) -> bool:
        case = Case(op=op, axes=tuple(sample[kind] for kind in along), **layers[sorted_layers.first[layer]][1])
        return any(claim.holds_for(case) for claim in wanted)

    return _Kinds(sorted_layers, sorted_axes, claimed)


class _Block:
    """What a part can have where the padding is said in one way.

    One of each kind is tried with one of each other, and every combination of values is looked up by the kinds that
    have it.
    """

    def __init__(self, kinds: _Kinds, rank: int, strength: int, square: bool) -> None:
        self._kinds, self._square = kinds, square
        every = range(len(kinds.axes.first))
        companies = [(kind,) * rank for kind in every] if square else combinations_with_replacement(every, rank)
        self._together = {
            (layer, some)
            for company in companies
            for layer in range(len(kinds.layers.first))
            if kinds.claimed(layer, company)
            for size in range(min(rank, strength) + 1)
            for some in combinations(company, size)
        }
        self._known: dict[tuple[tuple[int, ...], ...], bool] = {}

    def can_have(self, layer: Values, axes: Sequence[Values]) -> bool:
        """Whether some values of a layer and some of each of a few axes can occur together."""
        if self._square and axes:  # the axes are one and the same
            axes = [tuple(chain.from_iterable(axes))]
        kinds = (self._kinds.layers.having(layer), *map(self._kinds.axes.having, axes))
        if kinds not in self._known:
            self._known[kinds] = any(
                (one, tuple(sorted(company))) in self._together for one, *company in product(*kinds)
            )
        return self._known[kinds]


def _layers(part: Part, op: Op, padding: Padding) -> Iterator[tuple[Said, dict[str, Any]]]:
    """What layers can have beside their axes, as the grid says it, and as a case does."""
    values: dict[str, list[Value]] = {**layer_values(part, op), "padding": [padding]}
    for combination in product(*values.values()):
        said: Said = dict(zip(values, combination, strict=True))
        channels_in, channels_out = map(int, str(said["channels"]).split(":"))
        told: dict[str, Any] = {**said, "channels_in": channels_in, "channels_out": channels_out}
        del told["channels"]
        told["batch"] = None if said["batch"] == -1 else said["batch"]
        if "divisor" in said:
            told["divisor"] = said["divisor"] or None
        try:
            case = Case(op=op, axes=(Axis(1, 1),), **told)
        except ValueError:
            continue
        if case.pools and case.channels_in == 0:  # neither input nor output: nothing can be seen of it
            continue
        yield said, {name: getattr(case, name) for name in Case.__slots__ if name not in ("op", "axes")}


def _axes(part: Part, op: Op, padding: Padding) -> Iterator[tuple[Said, Axis]]:
    """What axes can be where the padding is said in one way, in the letters and as an axis."""
    for i, k, s, d in product(*map(part.numbers, "iksd")):
        for a in part.numbers("a") if op == "conv_transpose" else (0,):
            said: Said = {"i": i, "k": k, "s": s, "d": d, **({"a": a} if op == "conv_transpose" else {})}
            if padding == "explicit":
                yield from (({**said, "p": _ends(*p)}, Axis(i, k, s, *p, d, a)) for p in part.ends)
            elif (named := numbers(op, padding, Axis(i, k, s, d=d, a=a))) is not None:
                yield {**said, "p": BY_NAME}, named
