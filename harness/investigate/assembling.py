"""Code that applies a layer, put together: imports, the layer, its weights, what works out the padding, the function.

The pieces are a :class:`harness.frameworks.code.Writer`'s. Either arguments say all of the layer, or it is called
without its padding: on an input that is padded before, or a part of the output is taken.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cases.case import Case
from cases.layer import Ends, Layer
from harness.frameworks.arrays import SPATIAL
from harness.frameworks.base import Spelling
from harness.frameworks.code import Made, Writer

_SAME = """\
def ends(i, k, s):  # SAME: ceil(i / s) windows, the odd zero {where}
    total = max(0, (-(-i // s) - 1) * s + k - i)
    return {pair}"""
_CEIL = """\
def ends(i, k, s, before, after):  # rounded up, without a window that starts in the far padding
    o = -(-(i + before + after - k) // s) + 1
    o -= (o - 1) * s >= i + before
    return before, max(0, (o - 1) * s + k - i - before)"""


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a kernel comes from and goes to.

    Attributes
    ----------
    data, kernel : str
        The order of the axes.
    flip : bool
        Whether it is turned by 180° there.
    depthwise : bool
        Whether its last two axes are the input maps and the output maps of each of them.
    """

    data: str
    kernel: str
    flip: bool
    depthwise: bool


@dataclass(frozen=True, slots=True)
class Code:
    """Code that applies a layer.

    Attributes
    ----------
    framework, route : str
    how : str
        'arguments', 'padding' or 'slice'.
    text : str
        Python text that takes `kernel` and `bias`, NumPy arrays of the source's, and defines `layer(x)`.
    source, weights : Weights
        The order of the kernel that it takes, and of the one that it uses, with the order of its data.
    """

    framework: str
    route: str
    how: str
    text: str
    source: Weights
    weights: Weights


def weights_of(writer: Writer, route: str, said: Spelling) -> Weights:
    """How a route takes the weights of what it says."""
    return Weights(said.data, said.kernel, said.flip, route in writer.depthwise)


@lru_cache(maxsize=1 << 12)
def some(layer: Layer) -> Case:
    """The case of a layer at a size that shows all of it: of those that SAME pads differently one that it pads most."""
    if layer.size is not None:
        return layer.at(tuple(-(-o // s) for o, s in zip(layer.size, layer.s, strict=True)))
    return layer.at([_most_padded(layer.along(axis)) for axis in range(layer.rank)])


def _most_padded(layer: Layer) -> int:
    """The size along one axis at which most is padded."""
    sizes = [i for (i,) in layer.all_residues()]
    return max(sizes, key=lambda i: layer.at((i,)).axes[0].p_before + layer.at((i,)).axes[0].p_after)


def in_numbers(layer: Layer) -> Layer:
    """A layer whose padding is the same at every size, with the padding in numbers."""
    axes = some(layer).axes
    return replace(
        layer,
        padding="explicit",
        p=tuple((axis.p_before, axis.p_after) for axis in axes),
        a=tuple(axis.a for axis in axes) if layer.op == "conv_transpose" else (),
        rest=None,
        size=None,
    )


def by_arguments(writer: Writer, where: tuple[str, str], layer: Layer, said: Spelling, source: Weights) -> Code:
    """The code of a layer whose arguments say all of it, of a framework and a route."""
    name, route = where
    made = writer.layer(said, some(layer))
    weights = weights_of(writer, route, said)
    function = _Function(made.lines, (), (f"return {made.call}",))
    text = _text(writer, layer, function, (source, weights))
    return Code(name, route, "arguments", text, source, weights)


def around(
    writer: Writer, where: tuple[str, str], layers: tuple[Layer, Layer], said: Spelling, source: Weights
) -> Code:
    """The code of a layer whose arguments say it without its padding alone.

    Parameters
    ----------
    where : tuple of str
        The framework and the route.
    layers : tuple of Layer
        With its padding, and without it.
    said : Spelling
        The bare one.
    source : Weights
    """
    (name, route), (layer, bare) = where, layers
    made = writer.layer(said, some(bare))
    weights = weights_of(writer, route, said)
    if layer.op == "conv_transpose":
        how, function = "slice", _sliced(writer, made, in_numbers(layer), bare)
    else:
        if bare.s != layer.s:
            made = replace(made, call=writer.every(made.call, layer.s))
        how, function = "padding", _padded(writer, made, layer)
    return Code(name, route, how, _text(writer, layer, function, (source, weights)), source, weights)


@dataclass(frozen=True, slots=True)
class _Function:
    """The lines that make the layer, those of a helper, and the body of what applies it to x."""

    layer: tuple[str, ...]
    helper: tuple[str, ...]
    body: tuple[str, ...]


def _sliced(writer: Writer, made: Made, layer: Layer, bare: Layer) -> _Function:
    """The part of a whole output that a padded transposed convolution has."""
    crops: list[Ends] = []
    more: list[int] = []
    for axis, whole in zip(some(layer).axes, some(bare).axes, strict=True):
        end = axis.p_after - axis.a + whole.a
        crops.append((axis.p_before, max(0, end)))
        more.append(max(0, -end))
    body = [f"y = {made.call}"]
    if any(more):
        body.append(f"y = {writer.pad('y', [f'(0, {n})' for n in more], '0')}")
    if any(crop != (0, 0) for crop in crops):
        body.append(f"y = {writer.crop('y', crops)}")
    return _Function(made.lines, (), (*body, "return y"))


def _padded(writer: Writer, made: Made, layer: Layer) -> _Function:
    """The layer on an input that is padded before."""
    lines, before, ends = _ends(writer, layer)
    value = "-inf" if layer.op == "max_pool" else "0"
    padded = writer.pad("x", ends, value)
    body = [f"x = {padded}", f"return {made.call}"]
    if layer.op == "avg_pool" and layer.divisor is not None:
        body[-1] += f" * {math.prod(layer.k)} / {layer.divisor}"
    elif layer.op == "avg_pool" and (layer.ceil_mode or not layer.count_include_pad):
        body = _divided(writer, made, layer, (padded, ends))
    return _Function(made.lines, tuple(lines), (*before, *body))


def _divided(writer: Writer, made: Made, layer: Layer, padded: tuple[str, Sequence[str]]) -> list[str]:
    """An average over what counts: that of the padded input, divided by that of a mask."""
    x, ends = padded
    body = [f"mask = {writer.ones('x')}"]
    if layer.count_include_pad:  # what is padded counts, what overhangs does not
        p = layer.p or ((0, 0),) * layer.rank
        body.append(f"counted = [(p[0], min(p[1], pad[1])) for p, pad in zip({p}, pads)]")  # or less is read of it
        body.append("rest = [(0, pad[1] - one[1]) for pad, one in zip(pads, counted)]")
        ones = [f"counted[{axis}]" for axis in range(layer.rank)]
        body.append(f"mask = {writer.pad('mask', ones, '1')}")
        ends = [f"rest[{axis}]" for axis in range(layer.rank)]
    body.append(f"mask = {writer.pad('mask', ends, '0')}")
    return [*body, f"x = {x}", f"return {made.call} / {made.call.replace('(x', '(mask', 1)}"]


def _ends(writer: Writer, layer: Layer) -> tuple[list[str], list[str], list[str]]:
    """What defines the padding, what works it out from x, and its pairs: constants where they are."""
    axes = [
        [one.along(0).at((i,)).axes[0] for (i,) in one.all_residues()] for one in map(layer.along, range(layer.rank))
    ]
    known = [{(x.p_before, x.p_after) for x in along} for along in axes]
    if not layer.ceil_mode and all(len(ends) == 1 for ends in known):
        return [], [], [str(next(iter(ends))) for ends in known]
    names = [f"pads[{axis}]" for axis in range(layer.rank)]
    k, s = layer.k_hat, layer.s
    if layer.ceil_mode:
        p = layer.p or ((0, 0),) * layer.rank
        told = f"zip({writer.sizes('x')}, {k}, {s}, {tuple(b for b, _ in p)}, {tuple(a for _, a in p)})"
        return _CEIL.splitlines(), [f"pads = [ends(*one) for one in {told}]"], names
    lower = layer.padding == "same_lower"
    pair = "total - total // 2, total // 2" if lower else "total // 2, total - total // 2"
    text = _SAME.format(where="at the beginning" if lower else "at the end", pair=pair)
    return text.splitlines(), [f"pads = [ends(*one) for one in zip({writer.sizes('x')}, {k}, {s})]"], names


def _text(writer: Writer, layer: Layer, function: _Function, weights: tuple[Weights, Weights]) -> str:
    """The whole: imports, the layer with its weights, what works out the padding, and the function."""
    source, target = weights
    converted = [] if layer.pools else list(_converted(layer, source, target))
    order = f"  # x: {', '.join(target.data)}"
    if source.data != target.data:
        order += f", where the source has {', '.join(source.data)}"
    parts = ["\n".join([*converted, *function.layer]), "\n".join(function.helper)]
    parts.append("\n".join([f"def layer(x):{order}", *(f"    {line}" for line in function.body)]))
    text = "\n\n".join(part for part in parts if part) + "\n"
    needed = [line for line in writer.imports if re.search(rf"\b{line.split()[-1]}\b", text)]
    return "\n".join(needed) + "\n\n" + text


def _converted(layer: Layer, source: Weights, target: Weights) -> Iterator[str]:
    """The kernel from the source's order of axes to the target's."""
    spatial = SPATIAL[layer.rank]
    order = source.kernel
    yield f"# kernel: the source's weights as a NumPy array of axes {', '.join(order)}"
    if source.depthwise and not target.depthwise:
        yield "kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)  # the maps of each input map, one after the other"
    order, goal = (kernel.replace("M", "O") for kernel in (source.kernel, target.kernel))
    if order != goal:
        axes = ", ".join(str(order.index(letter)) for letter in goal)
        yield f"kernel = kernel.transpose({axes})  # to {', '.join(goal)}"
    if source.flip != target.flip:
        cut = ", ".join("::-1" if letter in spatial else ":" for letter in goal)
        yield f"kernel = kernel[{cut}]  # turned by 180°"
    if target.depthwise and not source.depthwise:
        yield f"kernel = kernel.reshape(*kernel.shape[:-2], {layer.channels_in}, -1)  # the maps of each input map"
    if order != goal or source.flip != target.flip:
        yield "kernel = kernel.copy()"
