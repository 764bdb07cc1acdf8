"""One framework's layer in another's code that does exactly the same: by arguments, or by padding and slicing.

    Read (what was written) ──► Form ──► Translation (code, reason, what is to be proved)

Arguments are taken where they say the same operator at every size. Where they cannot, the layer is called without
padding on an input that is padded before (zeros, or minus infinity for a maximum; an average is divided by that of a
mask), and of a transposed convolution's whole output a part is taken: that is what padding means, so it always can.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cases.case import Padding
from cases.layer import Layer
from harness.errors import UsageError
from harness.frameworks import registry
from harness.frameworks.base import Adapter, Spelling, Unsupported
from harness.frameworks.code import Writer
from harness.frameworks.written import Read
from harness.investigate.assembling import Code, Weights, around, by_arguments, in_numbers, some, weights_of
from harness.investigate.padding import when


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


class NoWayError(UsageError):
    """A layer that a framework cannot say, padding aside.

    Attributes
    ----------
    reason : str
        What of it that framework does not have.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def candidates(read: Read, to: str) -> list[Translation]:
    """A layer that was read, in another framework's code: every way to say it, the plainest first.

    A framework may refuse what its arguments can say, so there is always one more: the layer without its padding.

    Raises
    ------
    NoWayError
        There is no way to say it there.
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
    if why := source.writer.another(some(read.layer), read.route):
        raise NoWayError(f"{read.text}: {read.framework} itself computes another layer: {why}", why)
    mine = weights_of(source.writer, read.route, said)
    original = by_arguments(source.writer, (read.framework, read.route), read.layer, said, mine)
    if target.writer is not None and (why := target.writer.cannot(some(read.layer))):
        raise NoWayError(f"{read.text}: {to} has no way to say it: {why}", why)
    found, reason = _by_arguments(target, target_name, read.layer, mine)
    last = _around(target, target_name, read.layer, mine)
    if not found and isinstance(last, str):
        raise NoWayError(f"{read.text}: {to} has no way to say it, nor the layer without its padding: {last}", last)
    codes = [*found, *([] if isinstance(last, str) else [last])]
    return [
        Translation(read.text, read.layer, original, code, "" if code.how == "arguments" else reason) for code in codes
    ]


def said_in(framework: str, layer: Layer) -> Read | None:
    """A layer as a framework says it, by the first of its routes that has a way to; None where none has.

    What its documentation says that it refuses, or does not compute as the arithmetic has it, counts as no way.
    """
    kind = _adapter(framework)
    if kind.writer is None or kind.writer.cannot(some(layer)):
        return None
    for route in _routes(kind, layer):
        said = _said(kind, layer, route)
        if isinstance(said, Spelling) and not _not_offered(kind.writer, layer, route):
            return Read(framework, route, said.function, layer, said.call, says_maps=True)
    return None


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


def _adapter(name: str) -> type[Adapter]:
    return registry.load(registry.adapters()[name])


def _said(adapter: type[Adapter], layer: Layer, route: str) -> Spelling | Unsupported:
    """How a route says a layer. Where it has no bias, one is added to what it returns."""
    case = some(layer)
    said = adapter.say(case, route)
    return adapter.say(replace(case, bias=False), route) if case.bias and isinstance(said, Unsupported) else said


def _by_arguments(target: type[Adapter], name: str, layer: Layer, source: Weights) -> tuple[list[Code], str]:
    """The codes whose arguments say the layer, and why others do not."""
    assert target.writer is not None
    reason, found = "", []
    for same_layer in _alike(replace(layer, layout="default")):
        for route in _routes(target, layer):
            said = _said(target, same_layer, route)
            if isinstance(said, Unsupported):
                reason = reason or said.reason
            elif refusal := _not_offered(target.writer, same_layer, route):
                reason = reason or refusal
            else:
                found.append(by_arguments(target.writer, (name, route), same_layer, said, source))
    return found, reason


def _not_offered(writer: Writer, layer: Layer, route: str) -> str:
    """Why code is not to say a layer by a route whose arguments can; empty if it may."""
    return writer.another(some(layer), route) or writer.refuses(some(layer), route)


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
    case = some(layer)
    if layer.op == "conv_transpose":  # what it crops does not depend on the size
        yield in_numbers(layer)
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


def _around(target: type[Adapter], name: str, layer: Layer, source: Weights) -> Code | str:
    """The layer without padding, on an input that is padded before, or of whose output a part is taken; or why not."""
    writer = target.writer
    assert writer is not None
    numbers = in_numbers(replace(layer, layout="default"))
    none = ((0, 0),) * layer.rank
    plain = replace(numbers, p=none, ceil_mode=False, divisor=None, count_include_pad=True)
    # Strides are subsampling (S1): where one is refused, all outputs are computed and every s-th is taken.
    unstrided = replace(plain, s=(1,) * layer.rank)
    bares = (plain, replace(plain, a=())) if layer.op == "conv_transpose" else (plain, unstrided)
    reason = ""
    for bare in bares:
        for route in _routes(target, layer):
            said = _said(target, bare, route)
            refusal = said.reason if isinstance(said, Unsupported) else _not_offered(writer, bare, route)
            if isinstance(said, Spelling) and not refusal:
                return around(writer, (name, route), (layer, bare), said, source)
            reason = reason or refusal
    return reason or f"{name} has no function for it"
