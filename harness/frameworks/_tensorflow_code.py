"""How code for TensorFlow is written: functions of ``tf.nn``, with ``tf.pad``."""

from __future__ import annotations

from collections.abc import Sequence

from cases.case import Case
from harness.frameworks._tensorflow_say import CONV_TRANSPOSE, CONVOLUTION, DEPTHWISE, NN, POOL
from harness.frameworks.base import Spelling
from harness.frameworks.code import Made, Writer, arguments, number, of_nothing


class TensorFlowWriter(Writer):
    """Functions of the input and the kernel; a bias is added."""

    routes = (DEPTHWISE, NN, POOL, CONVOLUTION, CONV_TRANSPOSE)
    first = False
    imports = ("import tensorflow as tf",)
    tensor = "tf.constant(x)"
    array = "y.numpy()"
    module = "tf"
    depthwise = (DEPTHWISE,)

    def layer(self, said: Spelling, case: Case) -> Made:
        told = arguments(said.arguments, without=("output_shape",))
        if "output_shape" in said.arguments:  # the caller names the output's size, which follows the input's
            sizes = [
                f"{axis.s} * (x.shape[{number}] - 1) + {axis.k_hat + axis.a - axis.p_before - axis.p_after}"
                for number, axis in enumerate(case.axes, start=1)
            ]
            told = f"output_shape=(x.shape[0], {', '.join(sizes)}, {case.channels_out}), {told}"
        added = " + bias" if case.bias else ""
        return Made((), f"{said.function}({'x' if case.pools else 'x, kernel'}, {told}){added}")

    def refuses(self, case: Case, route: str) -> str:
        dilated = max(case.each("d")) > 1
        if route in (POOL, CONVOLUTION) and dilated and max(case.each("s")) > 1:
            return f"{route} takes no stride together with a dilation"
        if route == DEPTHWISE and len(set(case.each("s"))) > 1:
            return f"{route} takes one stride for both axes"
        if route == POOL and dilated and case.padding == "same":
            return f"{route} takes no dilation together with SAME"
        return ""

    def another(self, case: Case, route: str) -> str:
        if route == DEPTHWISE and max(case.each("d")) > 1 and max(case.each("s")) > 1:
            return f"{route} takes no stride together with a dilation"
        return ""

    def cannot(self, case: Case) -> str:
        return of_nothing(case)

    def pad(self, x: str, ends: Sequence[str], value: str) -> str:
        more = "" if value == "0" else f", constant_values={number(value)}"
        return f"tf.pad({x}, ((0, 0), {', '.join(ends)}, (0, 0)){more})"
