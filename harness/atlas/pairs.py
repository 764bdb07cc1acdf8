"""Pairs of conventions that people confuse, each with the rule that says when they are the same.

Along one axis. In the rules r = ((i - 1) mod s) + 1 is how much of the input the last stride has, 1 to s, and k̂ the
effective kernel size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from cases.case import Axis, Case, Op, Padding
from cases.conventions import numbers

Same = Literal["operator", "shape", "neither"]
Point = Axis  # i, k, s, d; its padding is what is looked for


@dataclass(frozen=True, slots=True)
class Pair:
    """Two conventions.

    Attributes
    ----------
    name : str
        Of its file, and its anchor.
    title, rule, shape, cure : str
        What is compared; when it is the same operator; when the shape alone is; what to write instead.
    first : callable
        The one layer that the first convention means; None where it means none.
    others : callable
        All layers that the second can be told to be.
    predicted : callable
        What the closed form says: of the best of the others, is it the same operator, or has it the same shape.
    dilated : bool
        Whether layers of its operation have dilations.
    """

    name: str
    title: str
    rule: str
    shape: str
    cure: str
    first: Callable[[Point], Case | None]
    others: Callable[[Point], Iterator[Case]]
    predicted: Callable[[Point], Same]
    dilated: bool = True


def rest(x: Point) -> int:
    """Units of the input in the last stride, 1 to s."""
    return (x.i - 1) % x.s + 1


def _named(op: Op, padding: Padding) -> Callable[[Point], Case | None]:
    def made(x: Point) -> Case | None:
        axis = numbers(op, padding, x)
        return None if axis is None else Case(op=op, axes=(axis,), padding=padding)

    return made


def _padded(x: Point, before: int, after: int, op: Op = "conv", a: int = 0) -> Case:
    return Case(op=op, axes=(Axis(x.i, x.k, x.s, before, after, x.d, a),))


def _symmetric(x: Point) -> Iterator[Case]:
    return (_padded(x, p, p) for p in range(x.k_hat + x.s))


def _same(x: Point) -> Same:
    total = x.k_hat - rest(x)
    if total <= 0 or total % 2 == 0:
        return "operator"
    return "shape" if x.s > 1 else "neither"


def _transposed(x: Point) -> Iterator[Case]:
    for p in range(x.k_hat):
        for a in range(max(x.s, x.d)):
            yield _padded(x, p, p, "conv_transpose", a)


def _transposed_same(x: Point) -> Same:
    total = x.k_hat - x.s
    if total <= 0 or total % 2 == 0:
        return "operator"
    return "shape" if max(x.s, x.d) > 1 else "neither"


def _stretched(x: Point) -> Iterator[Case]:
    """What JAX's numbers (p, p) mean, p = ⌊(k̂ - 1) / 2⌋: they pad the stretched input (X18)."""
    p = x.k_hat - 1 - (x.k_hat - 1) // 2
    yield _padded(x, p, p, "conv_transpose")


def _half(x: Point) -> Case:
    """Torch's transposed convolution with p = ⌊(k̂ - 1) / 2⌋."""
    p = (x.k_hat - 1) // 2
    return _padded(x, p, p, "conv_transpose")


def _average(x: Point, *, counted: bool) -> Case | None:
    axis = numbers("avg_pool", "same", x)
    return None if axis is None else Case(op="avg_pool", axes=(axis,), count_include_pad=counted)


def _ceil(x: Point) -> Iterator[Case]:
    if x.k <= x.i:
        yield Case(op="max_pool", axes=(x,), ceil_mode=True)


def _ceil_same(x: Point) -> Same:
    if x.k > x.i:
        return "neither"  # nothing fits without padding, and nothing is claimed
    if x.k <= rest(x) or (x.k == rest(x) + 1 and x.s > 1):
        return "operator"
    # ceil mode has ⌈(i - k) / s⌉ + 1 windows, fewer by what of the window the last stride does not fill
    return "shape" if x.k < rest(x) + x.s else "neither"


def _causal_full(x: Point) -> Same:
    return "operator" if x.k_hat <= x.s - rest(x) + 1 else "neither"


PAIRS: tuple[Pair, ...] = (
    Pair(
        "same-and-symmetric",
        "SAME, and a symmetric p (TensorFlow, JAX, Keras; PyTorch)",
        "k̂ ≤ r, or k̂ - r is even; then p = max(0, k̂ - r) / 2",
        "k̂ - r is odd and positive, and s > 1: p = (k̂ - r + 1) / 2 has the same size, with every tap one input earlier",
        "pad (⌊t/2⌋, ⌈t/2⌉), t = max(0, k̂ - r), by a layer of its own, and convolve without padding",
        _named("conv", "same"),
        _symmetric,
        _same,
    ),
    Pair(
        "same-and-same-lower",
        "SAME and SAME_LOWER (ONNX and JAX have both)",
        "k̂ ≤ r, or k̂ - r is even",
        "always",
        "pad in numbers, the odd zero first for SAME_LOWER",
        _named("conv", "same"),
        lambda x: iter(filter(None, [_named("conv", "same_lower")(x)])),
        lambda x: "operator" if x.k_hat <= rest(x) or (x.k_hat - rest(x)) % 2 == 0 else "shape",
    ),
    Pair(
        "transposed-same",
        "Transposed convolution: SAME, and p with an output padding a (TensorFlow, JAX, Keras; PyTorch)",
        "k̂ ≤ s, with p = 0 and a = s - k̂; or k̂ - s is even, with p = (k̂ - s) / 2 and a = 0",
        "k̂ - s is odd and positive, and s > 1 or d > 1: p = (k̂ - s + 1) / 2 and a = 1 have the same size, with every "
        "tap one output earlier",
        "no padding, and cut (⌊t/2⌋, ⌈t/2⌉), t = max(0, k̂ - s), off the output",
        _named("conv_transpose", "same"),
        _transposed,
        _transposed_same,
    ),
    Pair(
        "transposed-numbers",
        "Transposed convolution: p = ⌊(k̂ - 1) / 2⌋ in PyTorch, and the same numbers in jax.lax.conv_transpose",
        "k̂ is odd",
        "never else",
        "give JAX (k̂ - 1 - p, k̂ - 1 - p + a), which pads the stretched input, or use_consistent_padding=True",
        _half,
        _stretched,
        lambda x: "operator" if x.k_hat % 2 else "neither",
    ),
    Pair(
        "count-include-pad",
        "Average pooling with SAME: padding counted, and not",
        "k ≤ r: nothing is padded",
        "always",
        "divide as the other side does: count_include_pad in PyTorch and Flax; TensorFlow and Keras never count it",
        lambda x: _average(x, counted=True),
        lambda x: iter(filter(None, [_average(x, counted=False)])),
        lambda x: "operator" if x.k <= rest(x) else "shape",
        dilated=False,
    ),
    Pair(
        "ceil-and-same",
        "Max pooling: SAME, and ceil mode without padding (TensorFlow, Keras; PyTorch)",
        "k ≤ i, and k ≤ r, or k = r + 1 and s > 1",
        "k ≤ i and k < r + s",
        "pad by minus infinity, (⌊t/2⌋, ⌈t/2⌉), t = max(0, k - r), and pool without ceil mode",
        _named("max_pool", "same"),
        _ceil,
        _ceil_same,
        dilated=False,
    ),
    Pair(
        "causal-and-same",
        "Causal and SAME (Keras's Conv1D has both)",
        "k̂ = 1",
        "always",
        "pad k̂ - 1 in front by a layer of its own, and convolve without padding",
        _named("conv", "causal"),
        lambda x: iter(filter(None, [_named("conv", "same")(x)])),
        lambda x: "operator" if x.k_hat == 1 else "shape",
    ),
    Pair(
        "causal-and-full",
        "Causal, and p = k̂ - 1 at both ends (Keras; PyTorch, whose output people then cut)",
        "k̂ ≤ s - r + 1; what is more, the first ⌈i / s⌉ outputs are always the same",
        "never else",
        "cut the output to its first ⌈i / s⌉ units",
        _named("conv", "causal"),
        lambda x: iter([_padded(x, x.k_hat - 1, x.k_hat - 1)]),
        _causal_full,
    ),
)
