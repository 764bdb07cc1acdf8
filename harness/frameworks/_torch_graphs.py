"""PyTorch's layers traced into graphs, many in each: ``torch.export``, and ``torch.compile`` with inductor.

A graph is shared because making one costs much. A layer that is refused while it is traced costs itself alone; one that
fails only when the whole is compiled, or run, is found by halves.
"""

from __future__ import annotations

import logging
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.frameworks.arrays import batches, declared, is_empty, returned
from harness.frameworks.base import Call, Raised, Result, raised, together

if TYPE_CHECKING:
    from harness.frameworks.torch import Layer, Torch

_ROUNDS = 16  # a program is run as often as the layer that needs it most, with all the others


def exported(adapter: Torch, calls: Sequence[Call]) -> Iterator[Result]:
    """The shapes of the calls' outputs in the graph that ``torch.export`` makes of all their layers."""
    _quieten()
    ready = {call: _ready(adapter, call) for call in calls}
    return together(calls, lambda calls: _exported(calls, ready))


def _exported(calls: Sequence[Call], ready: Mapping[Call, tuple[Layer, Any]]) -> list[Result]:
    import torch

    refused: dict[int, Raised] = {}

    class Layers(torch.nn.Module):  # type: ignore[misc]
        def forward(self, inputs: Sequence[Any]) -> list[Any]:
            return [self.traced(number, x) for number, x in enumerate(inputs)]

        def traced(self, number: int, x: Any) -> Any:
            layer, _ = ready[calls[number]]
            try:
                return layer(x)
            except Exception as error:
                refused[number] = raised(error)
                return None

    # Not strict: Python runs as it is while tensors are traced, so that an error can be caught.
    program = torch.export.export(Layers(), ([ready[call][1] for call in calls],), strict=False)
    outputs = next(node for node in program.graph.nodes if node.op == "output").args[0]
    return [
        refused[number] if number in refused else declared(call, outputs[number].meta["val"].shape)
        for number, call in enumerate(calls)
    ]


def compiled(adapter: Torch, calls: Sequence[Call]) -> Iterator[Result]:
    """What the calls' layers give when inductor has compiled them."""
    _quieten()
    _configure()
    lacking = _lacking(adapter)
    if lacking is not None:
        yield from [lacking] * len(calls)
        return
    ready = {call: _ready(adapter, call) for call in calls}
    foreseen = {call: _foreseen(adapter, call) for call in calls}
    results: dict[Call, Result] = {}
    for group in _groups(calls, foreseen):
        found = together(group, lambda calls: _outcomes(adapter, calls, ready, foreseen))
        results |= zip(group, found, strict=True)
    for call in calls:
        result = results[call]
        yield replace(result, text=_tidied(result.text)) if isinstance(result, Raised) else result


def _ready(adapter: Torch, call: Call) -> tuple[Layer, Any]:
    """A call's layer, holding its weights, and its input."""
    x, *weights = adapter.tensors(call)
    return adapter.layer(call, *weights), x


def _quieten() -> None:
    """Keep torch from printing every error that it also raises, each with its traceback."""
    logging.getLogger("torch").setLevel(logging.CRITICAL)


def _configure() -> None:
    import torch._dynamo
    import torch._inductor.config

    torch._inductor.config.compile_threads = 1  # no pool of processes: this one is a fork, and one of many
    torch._dynamo.config.suppress_errors = False  # what cannot be compiled must not be run without


def _lacking(adapter: Torch) -> Raised | None:
    """Why nothing at all can be compiled here, if so: that is no answer of a layer's."""
    import torch

    try:
        _run([_Fed(0, lambda x: x + 1, [torch.zeros(8, device=adapter.device)])])
    except Exception as error:
        found = raised(error)
        text = f"torch.compile cannot compile even x + 1 here: {found.text}"
        if "InvalidCxxCompiler" in found.error + found.text:
            text = "torch.compile needs a C++ compiler: install g++, or name one in the environment variable CXX"
        return replace(found, text=text, ours=True)
    return None


def _foreseen(adapter: Torch, call: Call) -> tuple[int, ...] | None:
    """The shape of a layer's output as the meta device has it, in the framework's order; None if it is refused there.

    It decides only what is compiled together, and how many cotangents there are for what is compiled.
    """
    x, *weights = (None if tensor is None else tensor.to("meta") for tensor in adapter.tensors(call))
    try:
        return tuple(adapter.layer(call, *weights)(x).shape)
    except Exception:  # it is asked again when it is compiled, and that answer counts
        return None


def _groups(calls: Sequence[Call], foreseen: Mapping[Call, tuple[int, ...] | None]) -> list[list[Call]]:
    """Calls to compile together; alone, what may well fail at it, or is fed often, and would hold up others."""
    groups: dict[Any, list[Call]] = defaultdict(list)
    for call in calls:
        shape = foreseen[call]
        alone = shape is None or 0 in (*shape, *call.x.shape) or len(batches(call, _fed(call, shape))) > _ROUNDS
        groups[call if alone else (call.pull_back, call.case.floating, call.case.pools)].append(call)
    return list(groups.values())


def _fed(call: Call, shape: tuple[int, ...]) -> int:
    """How many inputs a layer is fed, one for each element of the output where gradients are asked for."""
    return math.prod(shape[1:]) if call.pull_back else call.x.shape[0]


def _outcomes(
    adapter: Torch,
    calls: Sequence[Call],
    ready: Mapping[Call, tuple[Layer, Any]],
    foreseen: Mapping[Call, tuple[int, ...] | None],
) -> list[Result]:
    """The results of layers that are compiled together: of outputs, or of gradients, or of a single one."""
    gradients = calls[0].pull_back
    shapes = [foreseen[call] for call in calls]
    try:
        if gradients and len(calls) == 1 and (shapes[0] is None or is_empty(calls[0], shapes[0])):
            layer, x = ready[calls[0]]
            (y,) = _run([_Fed(0, layer, [x])])
            shapes = [tuple(y.shape)]
            if is_empty(calls[0], y.shape):
                return [returned(calls[0], y.shape, adapter.numpy(x[:0]))]
        feds = []
        for number, (call, shape) in enumerate(zip(calls, shapes, strict=True)):
            layer, x = ready[call]
            cotangents = None
            if gradients:
                assert shape is not None, "a call that was refused is compiled alone"
                x, cotangents = adapter.repeated(call, x, shape)
            feds += _by_size(number, layer, batches(call, x.shape[0]), x, cotangents)
        found = _run(feds)
    except NotCompiledError as error:
        return [replace(raised(error), ours=True)] * len(calls)
    if gradients:  # torch has checked that the cotangents have the outputs' shapes
        return [
            returned(call, (call.x.shape[0], *shape[1:]), adapter.numpy(gradient))
            for call, shape, gradient in zip(calls, shapes, found, strict=True)
            if shape is not None
        ]
    return [returned(call, y.shape, adapter.numpy(y)) for call, y in zip(calls, found, strict=True)]


class NotCompiledError(Exception):
    """What should have been compiled was run without."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fed:
    """A layer in a program, and its inputs, one for each time that the program is run; all of one shape.

    Attributes
    ----------
    owner : int
        Whose results these are.
    layer : callable
    inputs : list of Tensor
    cotangents : list of Tensor
        One for each input, of its output; none where the outputs themselves are wanted.
    """

    owner: int
    layer: Layer
    inputs: list[Any]
    cotangents: list[Any] = field(default_factory=list)


def _by_size(owner: int, layer: Layer, parts: Sequence[slice], x: Any, cotangents: Any) -> list[_Fed]:
    """What a layer is fed in parts of x: a program takes inputs of one shape, and the last part may be smaller."""
    feds: dict[int, _Fed] = {}
    for part in parts:
        fed = feds.setdefault(x[part].shape[0], _Fed(owner, layer, []))
        fed.inputs.append(x[part])
        if cotangents is not None:
            fed.cotangents.append(cotangents[part])
    return list(feds.values())


def _run(feds: Sequence[_Fed]) -> list[Any]:
    """Compile one program of all layers, and run it until each has had all its inputs.

    Returns
    -------
    list of Tensor
        For each owner, in order, the outputs or the gradients, one behind the other.
    """
    import torch
    from torch._dynamo.utils import counters

    layers = [fed.layer for fed in feds]

    def program(inputs: Sequence[Any]) -> list[Any]:
        return [layers[number](x) for number, x in enumerate(inputs)]

    torch._dynamo.reset()  # a function that has been compiled too often is not compiled any more
    before = counters["stats"]["unique_graphs"]
    run = torch.compile(program, fullgraph=True, dynamic=False)
    found: list[list[Any]] = [[] for _ in feds]
    for time in range(max(len(fed.inputs) for fed in feds)):
        place = [min(time, len(fed.inputs) - 1) for fed in feds]  # who has had all gets the last again
        xs = [fed.inputs[n].clone() for n, fed in zip(place, feds, strict=True)]
        if feds[0].cotangents:
            ys = run([x.requires_grad_() for x in xs])
            results = torch.autograd.grad(ys, xs, [fed.cotangents[n] for n, fed in zip(place, feds, strict=True)])
        else:
            with torch.no_grad():
                results = run(xs)
        for fed, known, result in zip(feds, found, results, strict=True):
            if time < len(fed.inputs):
                known.append(result)
    graphs = counters["stats"]["unique_graphs"] - before
    if graphs != 1:
        raise NotCompiledError(f"torch.compile has made {graphs} graphs of what is one program")
    parts: dict[int, list[Any]] = defaultdict(list)
    for fed, known in zip(feds, found, strict=True):
        parts[fed.owner] += known
    return [torch.cat(parts[owner]) for owner in sorted(parts)]


def _tidied(text: str) -> str:
    """A compiler's message without what is ours, or of this process alone: our lines of code, and addresses."""
    return re.sub(r" at 0x[0-9a-f]+", "", text.partition("\n\nfrom user code:")[0].rstrip())
