"""docs/padding.md: what each framework pads or crops, in closed form, from how its routes say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cases.case import Axis, Case, Op, Padding
from cases.conventions import numbers
from harness.frameworks import registry
from harness.frameworks.base import Adapter, Unsupported
from harness.investigate.forms import form_of, written
from harness.investigate.question import size_of
from harness.investigate.telling import argument

HEAD = """# How each framework pads

What is really applied before and after, along each axis, for what one writes. i is the input's size (of a transposed
convolution i', and o' its output's), k the kernel's or window's, s the stride, d the dilation, k̂ = k + (k - 1)(d - 1),
o the output's size. By name, a convolution or a pooling pads **t = max(0, (⌈i/s⌉ - 1)s + k̂ - i)** units in all. A
maximum is padded with minus infinity, all else with zeros. Of a transposed convolution the numbers are units *cropped*
from the whole output of s(i' - 1) + k̂ units; less than 0 are units added.

Every closed form is held by a test against the theory's numbers, for all routes that say a layer of the grid `smoke`.
The arguments are those that convarith itself uses, so what the frameworks do with them is checked by every run; where
one does otherwise, [findings.md](findings.md) says so. `convarith explain` tells the same of one layer, read off what
each framework computed. This page is made by `convarith routes --padding`.
"""

TAIL = """
## Padding that is not of zeros

PyTorch's convolutions take `padding_mode`, 'circular', 'reflect' or 'replicate', which pads as many units as zeros
would be. Flax's `Conv` takes `padding='CIRCULAR'` and `'REFLECT'`, which pad (⌊(k̂ - 1)/2⌋, ⌊k̂/2⌋) whatever the stride.
Such units are copies of the input's own: that has no place in the guide's arithmetic, and convarith says so where it is
asked about such a layer. To have it elsewhere, pad by a function of its own and convolve without padding.
"""


@dataclass(frozen=True, slots=True)
class Example:
    """A way to pad, and a layer that has it.

    Attributes
    ----------
    title : str
    case : Case
    """

    title: str
    case: Case


def _layer(
    op: Op, x: Axis, padding: Padding = "explicit", *, rank: int = 2, maps: tuple[int, int, int] = (2, 3, 1)
) -> Case:
    axis = numbers(op, padding, x) if padding != "explicit" else x
    assert axis is not None
    one, other, groups = (2, 2, 1) if op.endswith("pool") else maps
    return Case(
        op=op,
        axes=(axis,) * rank,
        padding=padding,
        channels_in=one,
        channels_out=other,
        groups=groups,
        count_include_pad=not (op == "avg_pool" and padding == "same"),
    )


_ONE = Axis(6, 3, 2, 1, 1)
EXAMPLES: tuple[tuple[str, tuple[Example, ...]], ...] = (
    (
        "Convolution",
        (
            Example("in numbers", _layer("conv", _ONE)),
            Example("in numbers that differ", _layer("conv", Axis(6, 3, 2, 0, 1))),
            Example("none", _layer("conv", Axis(6, 3, 2), "valid")),
            Example("'same'", _layer("conv", Axis(6, 3, 2), "same")),
            Example("'same', unit strides", _layer("conv", Axis(6, 4, 1), "same")),
            Example("'same_lower'", _layer("conv", Axis(6, 3, 2), "same_lower")),
            Example("causal", _layer("conv", Axis(6, 3, d=2), "causal", rank=1)),
            Example("depthwise, in numbers", _layer("conv", _ONE, maps=(2, 4, 2))),
            Example("depthwise, 'same'", _layer("conv", Axis(6, 3, 2), "same", maps=(2, 4, 2))),
        ),
    ),
    (
        "Pooling",
        (
            Example("maximum, in numbers", _layer("max_pool", _ONE)),
            Example("maximum, 'same'", _layer("max_pool", Axis(6, 3, 2), "same")),
            Example("maximum, 'same_lower'", _layer("max_pool", Axis(6, 3, 2), "same_lower")),
            Example("maximum, ceil mode", replace(_layer("max_pool", _ONE), ceil_mode=True)),
            Example("average, in numbers", _layer("avg_pool", _ONE)),
            Example(
                "average, in numbers, padding not counted", replace(_layer("avg_pool", _ONE), count_include_pad=False)
            ),
            Example("average, 'same', padding not counted", _layer("avg_pool", Axis(6, 3, 2), "same")),
        ),
    ),
    (
        "Transposed convolution",
        (
            Example("in numbers", _layer("conv_transpose", Axis(3, 3, 2, 1, 1))),
            Example("in numbers, with output padding", _layer("conv_transpose", Axis(3, 3, 2, 1, 1, a=1))),
            Example("in numbers that differ", _layer("conv_transpose", Axis(3, 4, 2, 0, 1))),
            Example("'valid'", _layer("conv_transpose", Axis(3, 3, 2), "valid")),
            Example("'valid', one unit more", _layer("conv_transpose", Axis(3, 3, 2, a=1), "valid")),
            Example("'valid', a stride beyond the kernel", _layer("conv_transpose", Axis(3, 2, 3, a=1), "valid")),
            Example("'same'", _layer("conv_transpose", Axis(3, 4, 2), "same")),
            Example("'same', k̂ - s odd", _layer("conv_transpose", Axis(3, 5, 2), "same")),
            Example("'same', one unit less", _layer("conv_transpose", Axis(3, 3, 2, a=1), "same")),
        ),
    ),
)


def page() -> str:
    """The page."""
    return "".join(
        [HEAD, *(part for package, name in registry.packages().items() for part in _framework(package, name)), TAIL]
    )


def _framework(package: str, name: str) -> Iterator[str]:
    kind = registry.load(registry.BUILT_IN[name])
    yield f"\n## {package}\n"
    for operation, examples in EXAMPLES:
        verb = "crops" if operation.startswith("Transposed") else "pads"
        yield f"\n### {operation}, {package}\n\n"
        yield f"| | route | written | {verb} (before, after) | for example |\n|---|---|---|---|---|\n"
        for example in examples:
            yield from _rows(kind, example)


def _rows(kind: type[Adapter], example: Example) -> Iterator[str]:
    """A row for each way that routes write it, or one that says why none does."""
    case = example.case
    found: dict[tuple[str, str, str], list[str]] = {}
    reasons: list[str] = []
    for route, what in kind.routes.items():
        said = kind.say(case, route) if case.op in what.ops else None
        if isinstance(said, Unsupported):
            reasons.append(said.reason)
        elif said is not None:
            form = form_of(case, said)
            ends = form.ends(case.axes[0], written(case, said, 0))
            refusal = kind.writer.refuses(case, route) if kind.writer is not None else ""
            told = f"refused: {refusal}" if refusal else f"{_numbers(case)}: ({ends[0]}, {ends[1]}), {_size(case)}"
            text = argument(said.call)
            found.setdefault((f"`{text}`" if text else "nothing", form.text, told), []).append(route.partition("(")[0])
    for (text, form_text, told), routes in found.items():
        yield f"| {example.title} | {', '.join(dict.fromkeys(routes))} | {text} | {form_text} | {told} |\n"
    if not found and reasons:
        yield f"| {example.title} | | *no way: {reasons[0]}* | | |\n"


def _numbers(case: Case) -> str:
    x, prime = case.axes[0], "'" if case.transposed else ""
    told = [f"i{prime} = {x.i}", f"k = {x.k}", f"s = {x.s}"]
    return ", ".join([*told, *([f"d = {x.d}"] if x.d > 1 else [])])


def _size(case: Case) -> str:
    prime = "'" if case.transposed else ""
    return f"o{prime} = {size_of(case)[0]}"
