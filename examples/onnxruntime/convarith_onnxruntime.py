"""ONNX Runtime: ONNX's operators Conv, ConvTranspose, AveragePool and MaxPool, each in a model of its own.

The attributes are those of https://onnx.ai/onnx/operators, in their version of operator set 22.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from cases.case import Axis, Case
from harness.frameworks import arrays, base
from harness.frameworks.base import Call, Returned, Spelling, Unsupported

OPSET, IR = 22, 10  # the last version of the four operators, and the file format of its time
_NOTHING = (
    f'<ir_version: {IR}, opset_import: ["": {OPSET}]> nothing (float[1] x) => (float[1] y) {{ y = Identity (x) }}'
)
_NAMES = {"conv": "Conv", "conv_transpose": "ConvTranspose", "avg_pool": "AveragePool", "max_pool": "MaxPool"}
_AUTO_PAD = {"valid": "VALID", "same": "SAME_UPPER", "same_lower": "SAME_LOWER"}
# The kernels for a CPU that ONNX Runtime's docs/OperatorKernels.md lists; float16 it casts to float32 and back.
_TYPES = {"max_pool": ("float32", "float16", "float64", "int8")}


class OnnxRuntime(base.Adapter):
    """The adapter of ONNX Runtime. It infers and does not train: there is no gradient to look at."""

    name = "onnxruntime"
    package = "onnxruntime"
    requirement = "onnxruntime"
    routes = {
        "ai.onnx": base.Route(
            {"session": base.Mode(probes=("forward", "direct", "bias", "dense")), "shape_inference": base.DECLARED}
        )
    }
    switches = ("optimizations=off", "threads=2")

    def __init__(self, device: str, switch: str = "") -> None:
        import onnx.parser
        import onnx.shape_inference  # it makes the models, and has a word of its own on shapes
        import onnxruntime

        self._onnx, self._ort = onnx, onnxruntime
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = 2 if switch == "threads=2" else 1
        self._options.inter_op_num_threads = 1
        self._options.log_severity_level = 4  # what goes wrong is raised as well
        if switch == "optimizations=off":
            self._options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._provider: tuple[str, dict[str, str]] = ("CPUExecutionProvider", {})
        if device == "gpu":  # TF32 rounds the taps to 10 bits: the probes would no longer be exact
            self._provider = ("CUDAExecutionProvider", {"use_tf32": "0"})
        self._session = lru_cache(2)(self._start)  # the probes of a case feed one layer, or two

    @classmethod
    def how_to_install(cls) -> str:
        return "install it with: pip install onnxruntime onnx"

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        operator = _NAMES[case.op]
        if not 1 <= case.rank <= 3:
            return Unsupported(f"this adapter says 1 to 3 spatial axes, not {case.rank}")
        if case.layout == "channels_last":
            return Unsupported("ONNX's operators take channels first only")
        if case.padding == "causal":
            return Unsupported("ONNX has no causal padding by name")
        if case.dtype not in _TYPES.get(case.op, ("float32", "float16")):
            return Unsupported(f"ONNX Runtime has no kernel of {operator} for {case.dtype} on a CPU")
        if case.divisor is not None:
            return Unsupported("ONNX's AveragePool has no divisor of the caller's")
        arguments: dict[str, Any] = {"kernel_shape": case.each("k"), "strides": case.each("s")}
        arguments["dilations"] = case.each("d")
        if case.padding == "explicit":
            arguments["pads"] = (*case.each("p_before"), *case.each("p_after"))
        else:
            arguments["auto_pad"] = _AUTO_PAD[case.padding]
        if case.pools:
            arguments["ceil_mode"] = int(case.ceil_mode)
        else:
            arguments["group"] = case.groups
        if case.op == "avg_pool":
            arguments["count_include_pad"] = int(case.count_include_pad)
        if case.transposed and not (case.padding == "same" and all(_size(x) == x.s * x.i for x in case.axes)):
            arguments["output_padding"] = case.each("a")
            if case.padding == "same":  # by the name alone an output has s·i' units
                arguments["output_shape"] = tuple(map(_size, case.axes))
        data, spatial = arrays.letters(case.rank, first=True), arrays.SPATIAL[case.rank]
        kernel = "" if case.pools else ("IO" if case.transposed else "OI") + spatial
        divisor = "the units that are no padding" if case.op == "avg_pool" else ""
        return Spelling(f"{route}.{operator}", arguments, data, kernel, stride="1", divisor=divisor)

    def facts(self) -> dict[str, str]:
        session = self._start(self._onnx.parser.parse_model(_NOTHING).SerializeToString())
        provider, options = self._provider
        if provider not in session.get_providers():  # it has fallen back to the CPU
            raise base.NoDeviceError(f"onnxruntime {self._ort.__version__} cannot start its {provider}")
        return {
            "version": self._ort.__version__,
            "onnx": self._onnx.__version__,
            "opset": str(OPSET),
            "device": provider,
            **({"tf32": "off"} if options else {}),
            "threads": str(self._options.intra_op_num_threads),
            "optimizations": self._options.graph_optimization_level.name,
        }

    def run_one(self, call: Call) -> base.Result:
        x = arrays.arranged_input(call)
        weights = [array for array in (arrays.arranged_kernel(call), arrays.arranged_bias(call)) if array is not None]
        model = self._model(call, x, weights)
        if call.wanted == "shape":
            return base.attempt(lambda: self._infer(call, model))
        return base.attempt(lambda: self._run(call, model.SerializeToString(), x))

    def _model(self, call: Call, x: base.Array, weights: list[base.Array]) -> Any:
        """One node, with its weights as constants, as trained models have them. Only its session takes any batch."""
        helper, inputs = self._onnx.helper, ["x", "weight", "bias"][: 1 + len(weights)]
        node = helper.make_node(_NAMES[call.case.op], inputs, ["y"], **call.spelling.arguments)
        constants = [self._onnx.numpy_helper.from_array(*named) for named in zip(weights, inputs[1:], strict=True)]
        dtype, batch = helper.np_dtype_to_tensor_dtype(x.dtype), len(x) if call.wanted == "shape" else "batch"
        given = helper.make_tensor_value_info("x", dtype, [batch, *x.shape[1:]])
        graph = helper.make_graph(
            [node], "layer", [given], [helper.make_tensor_value_info("y", dtype, None)], constants
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)

    def _infer(self, call: Call, model: Any) -> Returned:
        (y,) = self._onnx.shape_inference.infer_shapes(model, strict_mode=True).graph.output
        sizes = y.type.tensor_type.shape.dim
        return arrays.declared(call, [size.dim_value if size.HasField("dim_value") else None for size in sizes])

    def _run(self, call: Call, model: bytes, x: base.Array) -> Returned:
        session = self._session(model)
        y = np.concatenate([session.run(None, {"x": x[part]})[0] for part in arrays.batches(call, len(x))])
        return arrays.returned(call, y.shape, y)

    def _start(self, model: bytes) -> Any:
        return self._ort.InferenceSession(model, self._options, providers=[self._provider])


def _size(x: Axis) -> int:
    return x.s * (x.i - 1) + x.a + x.k_hat - x.p_before - x.p_after
