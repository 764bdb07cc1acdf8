"""Layers that are built by mistake in a case's place: the same but for one thing. Where only a shape or a sum is seen.

A shape, one column of sums, or where each window has its maximum do not say the parameters. So the layers that people
and frameworks do build in each other's place are tried, and the mistake is named if it is the only one that explains
what was seen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cases.case import Axis, Case
from cases.conventions import same, same_transposed
from harness.diagnose.places import axis_name
from harness.diagnose.record import Kind

Suspect = tuple[Kind, str, Case]


def suspects(case: Case) -> list[Suspect]:
    """Each other layer once, under the simplest of its names."""
    known, said = {case.axes: case}, []
    for kind, words, axes, fields in (*_exchanged(case), *_changed(case)):
        other = replace(case, axes=axes, **fields)
        if axes not in known or fields:
            known[axes] = other
            said.append((kind, words, other))
    return said


Change = tuple[Kind, str, tuple[Axis, ...], dict[str, Any]]


def _exchanged(case: Case) -> Iterator[Change]:
    """Parameters of two axes in each other's place."""
    for one, other in itertools.combinations(range(case.rank), 2):
        theirs = list(case.axes)
        theirs[one], theirs[other] = theirs[other], theirs[one]
        between = "the axes" if case.rank == 2 else f"{axis_name(one, case.rank)} and {axis_name(other, case.rank)}"
        for letters in (("d",), ("s",), ("k",), ("p_before", "p_after"), ("a",), ("i",)):
            axes = tuple(
                replace(axis, **{letter: getattr(mine, letter) for letter in letters})
                for axis, mine in zip(case.axes, theirs, strict=True)
            )
            yield "axes_exchanged", f"{letters[0][0]} exchanged between {between}", axes, {}


def _changed(case: Case) -> Iterator[Change]:
    """One thing otherwise, along every axis."""

    def all_axes(**letters: int) -> tuple[Axis, ...]:
        return tuple(replace(axis, **letters) for axis in case.axes)

    yield "dilation", "d ignored", all_axes(d=1), {}
    yield "stride", "s ignored", all_axes(s=1), {}
    yield "stride", "s of the first axis for all axes", all_axes(s=case.axes[0].s), {}
    yield "stride", "s = k", tuple(replace(axis, s=axis.k) for axis in case.axes), {}
    yield "padding", "p ignored", all_axes(p_before=0, p_after=0), {}
    if case.transposed:
        yield from _transposed(case)
        return
    for words, ends in (
        ("SAME padding", lambda x: same(x.i, x.k_hat, x.s)),
        ("SAME_LOWER padding", lambda x: same(x.i, x.k_hat, x.s)[::-1]),
        ("SAME padding of the kernel without its dilation", lambda x: same(x.i, x.k, x.s)),
        ("all of p after", lambda x: (0, x.p_before + x.p_after)),
        ("all of p before", lambda x: (x.p_before + x.p_after, 0)),
        ("p before and p after exchanged", lambda x: (x.p_after, x.p_before)),
        ("p at one end alone", lambda x: (x.p_before, 0)),
        ("p twice", lambda x: (2 * x.p_before, 2 * x.p_after)),
        ("causal padding", lambda x: (x.k_hat - 1, 0)),
    ):
        pairs = [ends(axis) for axis in case.axes]
        axes = tuple(replace(x, p_before=b, p_after=a) for x, (b, a) in zip(case.axes, pairs, strict=True))
        yield "padding", words, axes, {}
    if case.ceil_mode:
        yield "rounded_down", "rounding down, where ceil mode is asked for", case.axes, {"ceil_mode": False}
        rest = tuple(replace(x, p_after=x.p_after + _left(x)) for x in case.axes)
        yield "rounded_up", "ceil mode with a last window that starts in the padding", rest, {"ceil_mode": False}
    else:
        up = tuple(replace(x, p_after=x.p_after + x.s - 1) for x in case.axes)
        yield "rounded_up", "rounding up", up, {}


def _transposed(case: Case) -> Iterator[Change]:
    yield "output_padding", "a ignored", tuple(replace(x, a=0) for x in case.axes), {}
    full = tuple(
        replace(x, p_before=max(x.k_hat - 1 - x.p_before, 0), p_after=max(x.k_hat - 1 - x.p_after, 0))
        for x in case.axes
    )
    yield "padding", "p taken for p', that pads the stretched input", full, {}
    if all(x.i for x in case.axes):
        ends = [same_transposed(x.i, x.k_hat, x.s, x.s * x.i) for x in case.axes]
        if all(min(numbers) >= 0 for numbers in ends):
            axes = tuple(
                replace(x, p_before=before, p_after=after, a=a)
                for x, (before, after, a) in zip(case.axes, ends, strict=True)
            )
            yield "padding", "SAME padding, o' = s·i'", axes, {}
    valid = tuple(replace(x, p_before=0, p_after=0, a=max(x.s - x.k_hat, 0)) for x in case.axes)
    yield "padding", "VALID with the size left out, o' = s·i' + max(k̂ - s, 0)", valid, {}
    fewer = tuple(
        replace(x, p_before=min(x.p_before, x.k_hat - 1), p_after=min(x.p_after, x.k_hat - 1)) for x in case.axes
    )
    yield "padding", "no crop of more than the kernel, p' < 0 taken for 0", fewer, {}


def _left(x: Axis) -> int:
    """Units that windows leave over, taken to the next stride."""
    return -(x.i + x.p_before + x.p_after - x.k_hat) % x.s
