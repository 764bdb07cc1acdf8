"""From a grid to its cases: a stream, in an order that the grid alone decides, each case once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cases import covering, networks
from cases.case import Axis, Case, Op, Padding
from cases.claims import claims, tested
from cases.conventions import numbers
from cases.figures import CASES as FIGURES
from cases.grid import Grid, Part

NAMED = "by name"  # the value of p where a name says it


class Chosen(NamedTuple):
    """The values that an axis is made from: what a part says, p being a pair, or 'by name'."""

    i: int
    k: int
    s: int
    p: tuple[int, int] | str
    d: int
    a: int


Layer = dict[str, Any]


def cases(grid: Grid, chosen: Iterable[str] | None = None) -> Iterator[Case]:
    """The cases of a grid, each once, as a stream.

    Parameters
    ----------
    grid : Grid
    chosen : iterable of str, optional
        Ids of the claims and statements to take cases of; of any if left out.
    """
    wanted = None if chosen is None else set(chosen)
    earlier: list[Callable[[Case], bool]] = []
    for stream, held in _streams(grid):
        for case in stream:
            if any(held_before(case) for held_before in earlier):
                continue
            if wanted is None or not wanted.isdisjoint(tested(case)):
                yield case
        earlier.append(held)


def _streams(grid: Grid) -> Iterator[tuple[Iterable[Case], Callable[[Case], bool]]]:
    """The cases of each part, and whether the part holds a case: a part that came earlier is not kept, but asked."""
    for part in grid.parts:
        if part.cover == "full":
            yield _product(part), _Membership(part).holds
        else:
            few = dict.fromkeys(_few(part))
            yield few, few.__contains__
    pinned = dict.fromkeys(
        itertools.chain(
            FIGURES.values() if grid.figures else (),
            (layer.case for name in grid.networks for layer in networks.NETWORKS[name]),
        )
    )
    yield pinned, pinned.__contains__


def _product(part: Part) -> Iterator[Case]:
    """Every combination."""
    for op, rank in itertools.product(dict.fromkeys(part.ops), dict.fromkeys(part.rank)):
        axes_of = _memo(lambda mode, op=op: [axis for _, axis in axes(part, op, *mode)])
        for layer in layers(part, op):
            found = axes_of(_mode(layer))
            placed = ((axis,) * rank for axis in found) if part.square else itertools.product(found, repeat=rank)
            for along in placed:
                case = Case(op=op, axes=along, **layer)
                if _claimed(part, case):
                    yield case


def _few(part: Part) -> Iterator[Case]:
    """The cases of a part that combines its values sparingly."""
    for op, rank in itertools.product(dict.fromkeys(part.ops), dict.fromkeys(part.rank)):
        made = _rotated(part, op, rank) if part.cover == "rotate" else _covering(part, op, rank)
        for layer, along in made:
            case = Case(op=op, axes=tuple(along), **layer)
            if _claimed(part, case):
                yield case


def _rotated(part: Part, op: Op, rank: int) -> Iterator[tuple[Layer, list[Axis]]]:
    """Each axis as the first, beside others that step through all axes at another pace; layers take turns.

    Once, or as often as it takes for every layer to have had a turn.
    """
    for mode, found in _by_mode(part, op).items():
        along = [axis for _, axis in axes(part, op, *mode)]
        paces = [1, *_coprime(len(along))]
        for number in range(max(len(along), len(found)) if along else 0):
            chosen = [along[(number * paces[place] + place) % len(along)] for place in range(rank)]
            yield found[number % len(found)], chosen


def _coprime(size: int) -> list[int]:
    """Two paces that visit all of a number of places, far from each other and from 1."""
    found = [pace for pace in range(max(2, size // 3), size) if _gcd(pace, size) == 1]
    return [found[0], found[-1]] if found else [1, 1]


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def _covering(part: Part, op: Op, rank: int) -> Iterator[tuple[Layer, list[Axis]]]:
    strength = 2 if part.cover == "pairwise" else 3
    groups = [(found, list(axes(part, op, *mode))) for mode, found in _by_mode(part, op).items()]
    groups = [(found, along) for found, along in groups if along]
    blocks = [
        covering.Block([tuple(layer.values()) for layer in found], [chosen for chosen, _ in along])
        for found, along in groups
    ]
    for block, layer, places in covering.rows(blocks, rank, strength):
        found, along = groups[block]
        yield found[layer], [along[place][1] for place in places]


Mode = tuple[Padding, bool]  # what decides which axes a layer can have: its padding's spelling, and ceil mode


def _mode(layer: Layer) -> Mode:
    return layer["padding"], layer["ceil_mode"]


def _by_mode(part: Part, op: Op) -> dict[Mode, list[Layer]]:
    found: dict[Mode, list[Layer]] = {}
    for layer in layers(part, op):
        found.setdefault(_mode(layer), []).append(layer)
    return found


def axes(part: Part, op: Op, padding: Padding, ceil_mode: bool) -> Iterator[tuple[Chosen, Axis]]:
    """All axes that an operation can have in a mode, with the values they are made from."""
    a_values = part.numbers("a") if op == "conv_transpose" else (0,)
    p_values: Sequence[tuple[int, int] | str] = part.ends if padding == "explicit" else (NAMED,)
    for i, k, s, d, a in itertools.product(*map(part.numbers, "iksd"), a_values):
        if a >= max(s, d) or (op == "conv_transpose" and i < 1):
            continue
        for p in p_values:
            axis = (
                numbers(op, padding, Axis(i, k, s, d=d, a=a)) if isinstance(p, str) else Axis(i, k, s, p[0], p[1], d, a)
            )
            if axis is None or (op == "conv_transpose" and padding != "explicit" and a >= s):
                continue
            if not ceil_mode or max(axis.p_before, axis.p_after) <= axis.k_hat // 2:  # where it is defined (X8)
                yield Chosen(i, k, s, p, d, a), axis


def layers(part: Part, op: Op) -> list[Layer]:
    """What a layer of an operation can have beside its axes, as the fields of a case, each once."""
    values, pools, average = part.layer, op in ("avg_pool", "max_pool"), op == "avg_pool"
    found: dict[tuple[Any, ...], Layer] = {}
    for padding, text, groups, batch, bias, ceil, counted, divisor, dtype, layout in itertools.product(
        values.padding,
        values.channels,
        (1,) if pools else values.groups,
        values.batch,
        (False,) if pools else values.bias,
        values.ceil_mode if pools else (False,),
        values.count_include_pad if average else (True,),
        values.divisor if average else (0,),
        values.dtype,
        values.layout,
    ):
        channels_in, channels_out = (int(number) for number in text.split(":"))
        if pools:
            channels_out = channels_in
        if channels_in % groups or channels_out % groups or (channels_in == 0 and pools):
            continue
        if (padding == "causal" and op != "conv") or (padding == "same_lower" and op == "conv_transpose"):
            continue
        if (average and "float" not in dtype) or (ceil and padding not in ("explicit", "valid")):
            continue
        layer = {
            "padding": padding,
            "channels_in": channels_in,
            "channels_out": channels_out,
            "groups": groups,
            "batch": None if batch < 0 else batch,
            "bias": bias,
            "ceil_mode": ceil,
            "count_include_pad": counted,
            "divisor": divisor or None,
            "dtype": dtype,
            "layout": layout,
        }
        found[tuple(layer.values())] = layer
    return list(found.values())


class _Membership:
    """Whether a part with a full product holds a case, without keeping its cases."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._layers = _memo(lambda op: layers(part, op))
        self._axes = _memo(lambda op, *mode: {axis for _, axis in axes(part, op, *mode)})

    def holds(self, case: Case) -> bool:
        """Whether it does."""
        part = self._part
        if case.op not in part.ops or case.rank not in part.rank or (part.square and not case.square):
            return False
        layer = {name: getattr(case, name) for name in _LAYER_FIELDS}
        if layer not in self._layers(case.op):
            return False
        return set(case.axes) <= self._axes(case.op, case.padding, case.ceil_mode) and _claimed(part, case)


_LAYER_FIELDS = tuple(name for name in Case.__slots__ if name not in ("op", "axes"))


def _claimed(part: Part, case: Case) -> bool:
    return not part.claims or not set(part.claims).isdisjoint(claims(case))


def _memo(function: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[Any, ...], Any] = {}

    def remembered(*arguments: Any) -> Any:
        if arguments not in known:
            known[arguments] = function(*arguments)
        return known[arguments]

    return remembered
