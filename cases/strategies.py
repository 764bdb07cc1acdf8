"""Random cases, for hypothesis: valid ones, with a claim made about each.

    from hypothesis import given
    from cases.strategies import cases

    @given(cases(ops=["conv"], ranks=[2]))
    def test_my_layer(case): ...

No other module of this package needs hypothesis.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cases.case import DTYPES, LAYOUTS, OPS, PADDINGS, Axis, Case, Dtype, Layout, Op, Padding
from cases.claims import claims
from cases.conventions import numbers


@dataclass(frozen=True, slots=True)
class Sizes:
    """The largest number of each letter along an axis."""

    i: int
    k: int
    s: int
    p: int
    d: int


# By the number of axes, with which operators grow: these have some thousand rows and columns at most.
SMALL: Mapping[int, Sizes] = {
    1: Sizes(i=8, k=5, s=4, p=4, d=3),
    2: Sizes(i=6, k=4, s=3, p=3, d=3),
    3: Sizes(i=4, k=3, s=3, p=2, d=2),
}
_MOSTLY, _SELDOM = [True] * 7 + [False], [False] * 15 + [True]
_BATCHES = (None, None, None, 1, 2, 3, 0)
_DIVISORS = (None, None, None, 1, 2, 3, 5)
_CHUNK = 200  # cases drawn at once
_PATIENCE = 5  # chunks without a new case, before there are none left


@st.composite
def axes(draw: st.DrawFn, op: Op, padding: Padding, *, ceil_mode: bool = False, sizes: Sizes = SMALL[1]) -> Axis:
    """One axis that an operation can have, its padding being said in one way. Most leave something to compute.

    Parameters
    ----------
    op, padding : str
    ceil_mode : bool
        Of a pooling: it is defined for a padding of at most half a window (X8).
    sizes : Sizes

    Raises
    ------
    ValueError
        When drawn: the padding's name has no meaning for the operation.
    """
    transposed = op == "conv_transpose"
    k, s, d = (draw(st.integers(1, most)) for most in (sizes.k, sizes.s, sizes.d))
    k_hat = Axis(1, k, d=d).k_hat
    a = draw(st.integers(0, (max(s, d) if padding == "explicit" else s) - 1)) if transposed else 0
    before = after = 0
    if padding == "explicit":
        most = min(sizes.p, k_hat // 2) if ceil_mode else sizes.p
        before = draw(st.integers(0, most))
        after = draw(st.one_of(st.just(before), st.integers(0, most)))
    least = (before + after - k_hat - a) // s + 2 if transposed else k_hat - before - after
    least = min(max(1, least), sizes.i) if draw(st.sampled_from(_MOSTLY)) else int(transposed)
    axis = Axis(draw(st.integers(least, sizes.i)), k, s, before, after, d, a)
    said = axis if padding == "explicit" else numbers(op, padding, axis)
    if said is None:
        raise ValueError(f"padding '{padding}' has no meaning for {op}")
    return said


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    ops: Sequence[Op] = OPS,
    ranks: Sequence[int] = tuple(SMALL),
    paddings: Sequence[Padding] = PADDINGS,
    dtypes: Sequence[Dtype] = DTYPES,
    layouts: Sequence[Layout] = LAYOUTS,
    sizes: Mapping[int, Sizes] = SMALL,
) -> Case:
    """Layers of all sorts, their axes drawn one by one. Each is valid, and some claim speaks of it.

    Parameters
    ----------
    ops, ranks, paddings, dtypes, layouts : sequence
        What there is to choose from. What an operation cannot have is left out for it.
    sizes : mapping of int to Sizes
        Of the axes, by their number.
    """
    op = draw(st.sampled_from(ops))
    rank = draw(st.sampled_from(ranks))
    padding = draw(st.sampled_from([name for name in paddings if _has_meaning(op, name)]))
    pools, average = op in ("avg_pool", "max_pool"), op == "avg_pool"
    ceil_mode = pools and padding in ("explicit", "valid") and draw(st.booleans())
    groups = 1 if pools else draw(st.sampled_from((1, 1, 2, 3)))
    channels_in = draw(_maps(groups, none=not pools))
    case = Case(
        op=op,
        axes=tuple(draw(axes(op, padding, ceil_mode=ceil_mode, sizes=sizes[rank])) for _ in range(rank)),
        padding=padding,
        channels_in=channels_in,
        channels_out=channels_in if pools else draw(_maps(groups, none=True)),
        groups=groups,
        batch=draw(st.sampled_from(_BATCHES)),
        bias=not pools and draw(st.booleans()),
        ceil_mode=ceil_mode,
        count_include_pad=not average or draw(st.booleans()),
        divisor=draw(st.sampled_from(_DIVISORS)) if average else None,
        dtype=draw(st.sampled_from([dtype for dtype in dtypes if "float" in dtype or not average])),
        layout=draw(st.sampled_from(layouts)),
    )
    assume(claims(case))
    return case


def stream(strategy: SearchStrategy[Case], number: int) -> Iterator[Case]:
    """Different cases of a strategy, without end while there are any: the same for the same number.

    Parameters
    ----------
    strategy : SearchStrategy of Case
    number : int
        Any; other numbers give other cases.
    """
    known: set[Case] = set()
    barren = 0
    for place in itertools.count():
        drawn = [case for case in dict.fromkeys(_chunk(strategy, f"{number} {place}")) if case not in known]
        yield from drawn
        known.update(drawn)
        barren = 0 if drawn else barren + 1
        if barren == _PATIENCE:
            return


def _chunk(strategy: SearchStrategy[Case], begin: str) -> list[Case]:
    found: list[Case] = []

    # Nothing of the surroundings may have a say: no profile, no examples from before, no time.
    @seed(begin)
    @settings(
        max_examples=_CHUNK,
        phases=[Phase.generate],
        database=None,
        derandomize=False,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    Random(begin).shuffle(found)  # noqa: S311 - the plainest come first, and like after like
    return found


def _maps(groups: int, *, none: bool) -> SearchStrategy[int]:
    """A number of feature maps that some groups divide; seldom 0."""
    most = 3 if groups == 1 else 2
    some = st.integers(1, most).map(lambda each: each * groups)
    return st.sampled_from(_SELDOM).flatmap(lambda empty: st.just(0) if empty else some) if none else some


def _has_meaning(op: Op, padding: Padding) -> bool:
    return padding == "explicit" or numbers(op, padding, Axis(1, 1)) is not None
