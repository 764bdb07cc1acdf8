"""How code for Keras is written, whichever backend computes it: layers, with ``keras.ops.pad``."""

from __future__ import annotations

from collections.abc import Sequence

from cases.case import Case
from harness.frameworks.base import Spelling
from harness.frameworks.code import Made, Writer, arguments, number, of_nothing
from harness.frameworks.keras_say import DEPTHWISE_LAYERS, DEPTHWISE_OPS, LAYERS, OPS, is_layer, output_padding


class KerasWriter(Writer):
    """Layers where a route has them; functions as they are. Channels last."""

    routes = (DEPTHWISE_LAYERS, LAYERS, OPS, DEPTHWISE_OPS)
    first = False
    imports = ("import keras",)
    tensor = "keras.ops.convert_to_tensor(x)"
    array = "keras.ops.convert_to_numpy(y)"
    module = "keras.ops"
    depthwise = (DEPTHWISE_LAYERS, DEPTHWISE_OPS)

    def layer(self, said: Spelling, case: Case) -> Made:
        route = said.function.rpartition(".")[0]
        if not is_layer(route):
            given = arguments(said.arguments)
            added = " + bias" if case.bias else ""
            return Made((), f"{said.function}({'x' if case.pools else 'x, kernel'}, {given}){added}")
        name = "pool" if case.pools else "conv"
        lines = [f"{name} = {said.function}({arguments(said.arguments)})"]
        if not case.pools:
            shape = (None,) * (case.rank + 1) + (case.channels_in,)
            lines.append(f"conv.build({shape!r})")
            lines.append(f"conv.set_weights([kernel{', bias' if case.bias else ''}])")
        return Made(tuple(lines), f"{name}(x)")

    def refuses(self, case: Case, route: str) -> str:
        if max(case.each("s")) > 1 and max(case.each("d")) > 1:
            return "Keras's layers take no stride together with a dilation"
        given = output_padding(case) if case.transposed else None
        if given is not None and any(more >= s for more, s in zip(given, case.each("s"), strict=True)):
            return "Keras's output padding is less than the stride"
        return ""

    def cannot(self, case: Case) -> str:
        return of_nothing(case)

    def pad(self, x: str, ends: Sequence[str], value: str) -> str:
        more = "" if value == "0" else f", constant_values={number(value)}"
        return f"keras.ops.pad({x}, ((0, 0), {', '.join(ends)}, (0, 0)){more})"
