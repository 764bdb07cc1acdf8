"""One framework's layer in another's code that does exactly the same: by arguments, or by padding and slicing.

    Read (what was written) ──► Form ──► Translation (code, reason, what is to be proved)

Arguments are taken where they say the same operator at every size. Where they cannot, the layer is called without
padding on an input that is padded before (zeros, or minus infinity for a maximum; an average is divided by that of a
mask), and of a transposed convolution's whole output a part is taken: that is what padding means, so it always can.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cases.case import Case, Padding
from cases.layer import Ends, Layer
from harness.errors import UsageError
from harness.frameworks import registry
from harness.frameworks.arrays import SPATIAL
from harness.frameworks.base import Adapter, Spelling, Unsupported
from harness.frameworks.code import Made, Writer
from harness.frameworks.written import Read
from harness.investigate.padding import when

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


@dataclass(frozen=True, slots=True)
class Translation:
    """A layer in another framework.

    Attributes
    ----------
    text : str
        What was written.
    layer : Layer
    source, target : Code
        The layer as it was written, and as it is said in the other framework.
    reason : str
        Why arguments cannot say it; empty where they do.
    """

    text: str
    layer: Layer
    source: Code
    target: Code
    reason: str


def candidates(read: Read, to: str) -> list[Translation]:
    """A layer that was read, in another framework's code: every way to say it, the plainest first.

    A framework may refuse what its arguments can say, so there is always one more: the layer without its padding.

    Raises
    ------
    UsageError
        There is no such framework, or something about the layer is not known.
    """
    source = _adapter(read.framework)
    target_name = target_of(to)
    target = _adapter(target_name)
    if source.writer is None:
        raise UsageError(f"{read.framework}: its adapter has no writer, so there is no code to write")
    said = _said(source, read.layer, read.route)
    if isinstance(said, Unsupported):
        raise UsageError(f"{read.text}: {said.reason}")
    mine = _weights(source.writer, read.route, said)
    original = _code(source.writer, (read.framework, read.route), read.layer, said, mine)
    found, reason = _by_arguments(target, target_name, read.layer, mine)
    around = _around(target, target_name, read.layer, mine)
    if not found and around is None:
        raise UsageError(f"{read.text}: {to} has no way to say it, nor the layer without its padding: {reason}")
    codes = [*found, *([around] if around is not None else [])]
    return [
        Translation(read.text, read.layer, original, code, "" if code.how == "arguments" else reason) for code in codes
    ]


def target_of(to: str) -> str:
    """The framework that a name means: one's own, or that of what several have in common, such as 'keras'.

    Raises
    ------
    UsageError
        There is none, or no code can be written for it.
    """
    known: dict[str, str] = {}
    kinds = {name: _adapter(name) for name in registry.adapters()}
    for name, kind in sorted(kinds.items(), key=lambda item: not item[1].is_installed()):
        if kind.writer is not None:
            known.setdefault(kind.package, name)
            known[name] = name
    if to not in known:
        raise UsageError(f"--to {to}: there are {', '.join(sorted(known))}")
    return known[to]


def _weights(writer: Writer, route: str, said: Spelling) -> Weights:
    return Weights(said.data, said.kernel, said.flip, route in writer.depthwise)


def _adapter(name: str) -> type[Adapter]:
    return registry.load(registry.adapters()[name])


def _said(adapter: type[Adapter], layer: Layer, route: str) -> Spelling | Unsupported:
    """How a route says a layer. Where it has no bias, one is added to what it returns."""
    case = _some(layer)
    said = adapter.say(case, route)
    return adapter.say(replace(case, bias=False), route) if case.bias and isinstance(said, Unsupported) else said


def _some(layer: Layer) -> Case:
    """The case of a layer at a size that shows all of it."""
    sizes = layer.least
    if layer.size is not None:
        sizes = tuple(-(-o // s) for o, s in zip(layer.size, layer.s, strict=True))
    return layer.at(sizes)


def _by_arguments(target: type[Adapter], name: str, layer: Layer, source: Weights) -> tuple[list[Code], str]:
    """The codes whose arguments say the layer, and why others do not."""
    assert target.writer is not None
    reason, found = "", []
    for same_layer in _alike(replace(layer, layout="default")):
        for route in _routes(target, layer):
            said = _said(target, same_layer, route)
            if isinstance(said, Unsupported):
                reason = reason or said.reason
            elif refusal := target.writer.refuses(_some(same_layer)):
                reason = reason or refusal
            else:
                found.append(_code(target.writer, (name, route), same_layer, said, source))
    return found, reason


def _routes(target: type[Adapter], layer: Layer) -> Iterator[str]:
    assert target.writer is not None
    for route in target.writer.routes:
        alone = route in target.writer.depthwise and not (layer.groups == layer.channels_in > 1)
        if route in target.routes and layer.op in target.routes[route].ops and not alone:
            yield route


def _alike(layer: Layer) -> Iterator[Layer]:
    """The layer, and the other ways to say its padding that are the same operator at every size."""
    if layer.size is None:
        yield layer
    case = _some(layer)
    if layer.op == "conv_transpose":  # what it crops does not depend on the size
        yield _in_numbers(layer)
    names: tuple[Padding, ...] = ("valid", "same", "same_lower", "causal")
    for name in names:
        other = replace(layer, padding=name, p=(), a=(), rest=None, size=None)
        if layer.op == "conv_transpose":
            o = tuple(x.s * (x.i - 1) + x.k_hat + x.a - x.p_before - x.p_after for x in case.axes)
            other = replace(other, rest=tuple(n - x.s * (x.i - 1) for n, x in zip(o, case.axes, strict=True)))
        if name != layer.padding and _same_at_every_size(layer, other):
            yield other
    if layer.op == "conv_transpose":
        return
    for far in (False, True):  # alike at both ends, as much as stands before or after
        p = tuple((x.p_after, x.p_after) if far else (x.p_before, x.p_before) for x in case.axes)
        numbers = replace(layer, padding="explicit", p=p)
        if p != layer.p and _same_at_every_size(layer, numbers):
            yield numbers


def _same_at_every_size(layer: Layer, other: Layer) -> bool:
    one = {"channels_in": 1, "channels_out": 1, "groups": 1}
    return when(replace(layer, **one), replace(other, **one)) == "at every size"  # type: ignore[arg-type]  # numbers


def _in_numbers(layer: Layer) -> Layer:
    """A layer whose padding is the same at every size, with the padding in numbers."""
    axes = _some(layer).axes
    return replace(
        layer,
        padding="explicit",
        p=tuple((axis.p_before, axis.p_after) for axis in axes),
        a=tuple(axis.a for axis in axes) if layer.op == "conv_transpose" else (),
        rest=None,
        size=None,
    )


def _around(target: type[Adapter], name: str, layer: Layer, source: Weights) -> Code | None:
    """The layer without padding, on an input that is padded before, or of whose output a part is taken."""
    writer = target.writer
    assert writer is not None
    numbers = _in_numbers(replace(layer, layout="default"))
    none = ((0, 0),) * layer.rank
    plain = replace(numbers, p=none, ceil_mode=False, divisor=None, count_include_pad=True)
    # Strides are subsampling (S1): where one is refused, all outputs are computed and every s-th is taken.
    unstrided = replace(plain, s=(1,) * layer.rank)
    bares = (plain, replace(plain, a=())) if layer.op == "conv_transpose" else (plain, unstrided)
    for bare in bares:
        for route in _routes(target, layer):
            said = _said(target, bare, route)
            if isinstance(said, Unsupported) or writer.refuses(_some(bare)):
                continue
            made = writer.layer(said, _some(bare))
            weights = _weights(writer, route, said)
            if layer.op == "conv_transpose":
                how, function = "slice", _sliced(writer, made, numbers, bare)
            else:
                if bare.s != layer.s:
                    made = replace(made, call=writer.every(made.call, layer.s))
                how, function = "padding", _padded(writer, made, layer)
            return Code(name, route, how, _text(writer, layer, function, (source, weights)), source, weights)
    return None


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
    for axis, whole in zip(_some(layer).axes, _some(bare).axes, strict=True):
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
        body.append(f"mask = {writer.pad('mask', [str(pair) for pair in p], '1')}")
        body.append(f"rest = [(0, pad[1] - p) for pad, p in zip(pads, {tuple(after for _, after in p)})]")
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


def _code(writer: Writer, where: tuple[str, str], layer: Layer, said: Spelling, source: Weights) -> Code:
    """The code of a layer whose arguments say all of it, of a framework and a route."""
    name, route = where
    made = writer.layer(said, _some(layer))
    weights = _weights(writer, route, said)
    function = _Function(made.lines, (), (f"return {made.call}",))
    text = _text(writer, layer, function, (source, weights))
    return Code(name, route, "arguments", text, source, weights)


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
