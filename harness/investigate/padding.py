"""What the theory says of a layer's padding, what other ways to say it there are, and when they come to the same.

Two ways are the same where their operators are, by placements, at every size modulo the stride; axes do not interact
(S2), so each axis is compared by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from cases.case import Case, Padding
from cases.claims import claims
from cases.layer import Ends, Layer, Sizes
from harness.diagnose import diagnose
from harness.diagnose.matrices import pair
from harness.diagnose.places import axis_name
from harness.investigate.question import narrow, size_of
from harness.theory.expected import expected

_NAMES: tuple[Padding, ...] = ("valid", "same", "same_lower", "causal")


@dataclass(frozen=True, slots=True)
class Theory:
    """What the arithmetic says of a layer.

    Attributes
    ----------
    case_id : str
        The case that was worked out.
    claims : tuple of str
        Who speaks of it, the most particular first.
    o : tuple of int
    ends : tuple of (int, int)
        Padding before and after along each axis; of a transposed convolution what is cropped there, negative where
        units are added.
    matrices : tuple of (str, str)
        For each axis its name and the operator along it alone, in small, of the kernel 1, 2 … k; axes that are alike
        stand together.
    """

    case_id: str
    claims: tuple[str, ...]
    o: Sizes
    ends: tuple[Ends, ...]
    matrices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Other:
    """Another way to say the padding of a layer.

    Attributes
    ----------
    label : str
        "padding 'same'", 'p = 1' …
    layer : Layer
    theory : Theory
    sentence : str
        What it does otherwise, in words; empty where it does the same at these sizes.
    when : str
        At which sizes it is the same operator.
    """

    label: str
    layer: Layer
    theory: Theory
    sentence: str
    when: str


def theory_of(case: Case) -> Theory:
    """What the arithmetic says of a case."""
    drawn: dict[str, list[str]] = {}
    for number, axis in enumerate(case.axes):
        drawn.setdefault(_drawn(replace(case, axes=(axis,), channels_in=1, channels_out=1, groups=1)), []).append(
            axis_name(number, case.rank)
        )
    matrices = tuple((" and ".join(names), matrix) for matrix, names in drawn.items())
    return Theory(case.id, claims(case), size_of(case), ends_of(case), matrices)


def _drawn(case: Case) -> str:
    """The operator of a case of one axis and one feature map, in small."""
    theory = expected(case)
    rows = theory.operator.dense()
    both = (rows, theory.shape), (rows, theory.shape)
    return pair(*both, (1, *case.each("i")), shares=case.op == "avg_pool")[0]


def ends_of(case: Case) -> tuple[Ends, ...]:
    """What a case pads, or crops if it is a transposed convolution, before and after along each axis."""
    return tuple((axis.p_before, axis.p_after - axis.a) for axis in case.axes)


def others(layer: Layer, sizes: Sizes) -> list[Other]:
    """The other ways to say the padding of a layer that give an output of the same size, each with what it does."""
    mine = narrow(layer)
    case = mine.at(sizes)
    wanted = expected(case)
    found = []
    for label, other in _ways(mine, case):
        try:
            theirs = other.at(sizes)
        except ValueError:  # the name has no meaning there
            continue
        if size_of(theirs) != size_of(case):
            continue
        operator = expected(theirs).operator
        sentence = ""
        if operator.digest != wanted.operator.digest:
            shape = (wanted.operator.columns, *wanted.shape)
            said = diagnose(case, "forward", wanted, wanted=shape, shape=shape, operator=operator)
            sentence = said.sentence
        found.append(Other(label, _padded_as(layer, other), theory_of(theirs), sentence, when(mine, other)))
    return found


def when(one: Layer, other: Layer) -> str:
    """At which sizes two layers have the same operator, over all residues modulo the stride, in words."""
    along = [_along(one.along(axis), other.along(axis)) for axis in range(one.rank)]
    if all(text == along[0] for text in along):
        return {"": "at every size", "never": "at no size"}.get(along[0], f"where {along[0]}, along every axis")
    told = [f"{axis_name(axis, one.rank)}: {text or 'every size'}" for axis, text in enumerate(along)]
    return "at no size" if "never" in along else "; ".join(told)


@lru_cache(maxsize=1 << 14)
def _along(one: Layer, other: Layer) -> str:
    """The sizes along one axis: '' for all, 'never', or words."""
    s = one.s[0]
    same: list[int] = []
    sizes = [i for (i,) in one.all_residues()]
    for i in sizes:
        try:
            a, b = one.at((i,)), other.at((i,))
        except ValueError:
            continue
        if expected(a).operator.digest == expected(b).operator.digest and size_of(a) == size_of(b):
            same.append(i % s)
    if len(same) == len(sizes):
        return ""
    if not same:
        return "never"
    if s == 2:
        return "i is odd" if same == [1] else "i is even"
    return f"i mod {s} is {' or '.join(map(str, sorted(same)))}"


def _ways(layer: Layer, case: Case) -> Iterator[tuple[str, Layer]]:
    """Other ways to say the padding of a layer, each with its label."""
    bare = {"p": (), "a": (), "rest": None, "size": None}
    for name in _NAMES:
        if name == layer.padding or (name == "causal" and (layer.op != "conv" or layer.rank != 1)):
            continue
        if layer.op == "conv_transpose" and name not in ("valid", "same"):
            continue
        yield f"padding '{name}'", replace(layer, padding=name, **bare)  # type: ignore[arg-type]  # as bare says
    for p, a in _alike(layer, case):
        label = "p = " + "×".join(str(one) for one in (p if len(set(p)) > 1 else p[:1]))
        if any(a):
            label += ", a = " + "×".join(str(one) for one in (a if len(set(a)) > 1 else a[:1]))
        pads = tuple((one, one) for one in p)
        numbers = replace(layer, padding="explicit", rest=None, size=None, p=pads, a=a if any(a) else ())
        if numbers.at(case.each("i")).axes != case.axes or layer.padding != "explicit":
            yield label, numbers
    if layer.op == "avg_pool" and layer.divisor is None:
        counted = "not counted" if layer.count_include_pad else "counted"
        yield f"padding {counted} in the divisor", replace(layer, count_include_pad=not layer.count_include_pad)


def _alike(layer: Layer, case: Case) -> Iterator[tuple[Sizes, Sizes]]:
    """Paddings that are alike at both ends and lead to the same size: the smaller and the larger, where they differ."""
    least, most = [], []
    for axis, o in zip(case.axes, size_of(case), strict=True):
        if layer.op == "conv_transpose":
            spare = axis.s * (axis.i - 1) + axis.k_hat - o  # 2p - a
            fits = [p for p in range(max(0, -(-spare // 2)), axis.k_hat) if 0 <= 2 * p - spare < max(axis.s, axis.d)]
        else:
            spare = (o - 1) * axis.s + axis.k_hat - axis.i  # 2p, less what is not reached
            fits = [p for p in range(max(0, -(-spare // 2)), axis.k_hat) if 2 * p < spare + axis.s]
        if not fits:
            return
        least.append((fits[0], 2 * fits[0] - spare))
        most.append((fits[-1], 2 * fits[-1] - spare))
    seen = []
    for both in (least, most):
        p = tuple(one for one, _ in both)
        a = tuple(rest for _, rest in both) if layer.op == "conv_transpose" else (0,) * len(p)
        if (p, a) not in seen:
            seen.append((p, a))
            yield p, a


def _padded_as(layer: Layer, other: Layer) -> Layer:
    """A layer with the padding of another."""
    return replace(
        layer,
        padding=other.padding,
        p=other.p,
        a=other.a,
        rest=other.rest,
        size=other.size,
        count_include_pad=other.count_include_pad,
    )
