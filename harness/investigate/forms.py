"""Closed forms of what is padded or cropped: from what one writes to (before, after), for each way of writing it.

They are told on docs/padding.md, and stand beside the function that says the same, which a test holds against the
theory's numbers for every route over a grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cases.case import Axis, Case
from cases.layer import Ends
from harness.frameworks.arrays import SPATIAL
from harness.frameworks.base import Spelling


@dataclass(frozen=True, slots=True)
class Written:
    """What stands for one axis in the arguments of a call.

    Attributes
    ----------
    pads : (int, int) or None
        Numbers of padding; None where it has a name.
    o : int or None
        The output's size, where it is handed over.
    more : int or None
        Output padding, where it is given.
    """

    pads: Ends | None = None
    o: int | None = None
    more: int | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A closed form.

    Attributes
    ----------
    text : str
        In the guide's letters.
    ends : callable
        From an axis, of which i, k, s and d are read, and what was written to (before, after).
    """

    text: str
    ends: Callable[[Axis, Written], Ends]


def _half(total: int) -> Ends:
    return total // 2, total - total // 2


def _same(x: Axis, _: Written) -> Ends:
    return _half(max(0, (-(-x.i // x.s) - 1) * x.s + x.k_hat - x.i))


def _numbers(_: Axis, said: Written) -> Ends:
    assert said.pads is not None
    return said.pads


def _cropped(_: Axis, said: Written) -> Ends:
    assert said.pads is not None
    return said.pads[0], said.pads[1] - (said.more or 0)


def _stretched(x: Axis, said: Written) -> Ends:
    assert said.pads is not None
    return x.k_hat - 1 - said.pads[0], x.k_hat - 1 - said.pads[1]


def _left(x: Axis, o: int, before: int) -> Ends:
    """What is cropped after, so that o' units are left."""
    return before, x.s * (x.i - 1) + x.k_hat - o - before


def _transposed_same(x: Axis, _: Written) -> Ends:
    before, after = _half(max(0, x.k_hat - x.s))
    return before, after - max(0, x.s - x.k_hat)


def _same_to(x: Axis, o: int) -> Ends:
    return _left(x, o, max(0, x.s * (x.i - 1) + x.k_hat - o) // 2)


def _to_size(x: Axis, said: Written) -> Ends:
    assert said.o is not None
    return _left(x, said.o, 0 if said.pads is None else said.pads[0])


def _same_to_size(x: Axis, said: Written) -> Ends:
    assert said.o is not None
    return _same_to(x, said.o)


def _same_and_more(x: Axis, said: Written) -> Ends:
    assert said.more is not None
    return _same_to(x, x.s * (x.i - 1) + x.k_hat % 2 + said.more)


def _valid_and_more(_: Axis, said: Written) -> Ends:
    return 0, -(said.more or 0)


NUMBERS = Form("(p_before, p_after), the numbers themselves", _numbers)
ALIKE = Form("(p, p)", _numbers)
ROUNDED_UP = Form("(p, p); a last window may overhang that by (o - 1)s + k - i - 2p, which is no padding", _numbers)
VALID = Form("(0, 0)", lambda *_: (0, 0))
SAME = Form("(⌊t/2⌋, ⌈t/2⌉)", _same)
SAME_LOWER = Form("(⌈t/2⌉, ⌊t/2⌋)", lambda x, said: (_same(x, said)[1], _same(x, said)[0]))
CAUSAL = Form("(k̂ - 1, 0)", lambda x, _: (x.k_hat - 1, 0))
CROPPED = Form("(p, p - a), a the output padding", _cropped)
STRETCHED = Form("(k̂ - 1 - q_before, k̂ - 1 - q_after), q the numbers: they pad the stretched input (X18)", _stretched)
TO_SIZE = Form("(p_before, w - p_before), w = s(i' - 1) + k̂ - o', whatever p_after is", _to_size)
VALID_TO_SIZE = Form("(0, w), w = s(i' - 1) + k̂ - o'", _to_size)
SAME_TO_SIZE = Form("(⌊max(0, w)/2⌋, the rest of w), w = s(i' - 1) + k̂ - o'", _same_to_size)
TRANSPOSED_SAME = Form("(⌊u/2⌋, ⌈u/2⌉ - max(0, s - k̂)), u = max(0, k̂ - s): o' = s·i'", _transposed_same)
TRANSPOSED_VALID = Form("(0, -max(0, s - k̂)): o' = s·i' + max(k̂ - s, 0)", lambda x, _: (0, -max(0, x.s - x.k_hat)))
SAME_AND_MORE = Form(
    "(⌊max(0, w)/2⌋, the rest of w), w = s(i' - 1) + k̂ - o', where o' = s(i' - 1) + (k̂ mod 2) + the output padding",
    _same_and_more,
)
VALID_AND_MORE = Form("(0, -a), a the output padding", _valid_and_more)

_SLIDING = {"valid": VALID, "same": SAME, "same_lower": SAME_LOWER, "causal": CAUSAL}


def form_of(case: Case, said: Spelling) -> Form:
    """The closed form of what a call pads or crops."""
    given = said.arguments
    name = given["padding"].lower() if isinstance(given["padding"], str) else ""
    if not case.transposed:
        if name:
            return _SLIDING[name]
        pairs = any(isinstance(one, (tuple, list)) for one in _listed(given["padding"]))
        return ROUNDED_UP if case.ceil_mode else NUMBERS if pairs else ALIKE
    if "output_shape" in given:
        return {"": TO_SIZE, "valid": VALID_TO_SIZE, "same": SAME_TO_SIZE}[name]
    if "output_padding" in given:
        return {"": CROPPED, "valid": VALID_AND_MORE, "same": SAME_AND_MORE}[name]
    if name:
        return TRANSPOSED_SAME if name == "same" else TRANSPOSED_VALID
    return NUMBERS if given.get("use_consistent_padding") else STRETCHED


def written(case: Case, said: Spelling, axis: int) -> Written:
    """What stands for an axis in the arguments of a call."""
    given, letter = said.arguments, SPATIAL[case.rank][axis]
    found = Written()
    if not isinstance(given["padding"], str):
        numbers = _listed(given["padding"])
        one = numbers[0] if len(numbers) == 1 else numbers[axis]
        if len(numbers) == case.rank + 2:  # a pair for every dimension of the data
            one = numbers[said.data.index(letter)]
        found = Written(pads=tuple(one) if isinstance(one, (tuple, list)) else (one, one))
    if "output_shape" in given:
        return Written(found.pads, o=given["output_shape"][said.data[1:].index(letter)])
    more = given.get("output_padding")
    return Written(found.pads, more=None if more is None else more[axis])


def _listed(value: object) -> list:  # type: ignore[type-arg]  # numbers or pairs
    return list(value) if isinstance(value, (tuple, list)) else [value]
