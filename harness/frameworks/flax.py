"""Flax: the layers of ``flax.nnx`` and of ``flax.linen``, on JAX."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from cases.case import Case
from harness.frameworks import _flax_script, _flax_written
from harness.frameworks._flax_code import FlaxWriter
from harness.frameworks._jax_say import cannot_transpose, stretched_padding
from harness.frameworks.arrays import SPATIAL, arranged_bias, letters
from harness.frameworks.base import DECLARED, Call, Route, Spelling, Unsupported
from harness.frameworks.code import Writer
from harness.frameworks.jax import JIT, TRANSPOSED_ALONE, Jax, Layer
from harness.frameworks.scripts import Script

NNX, LINEN = "flax.nnx", "flax.linen"
# Left to itself, Flax's ConvTranspose does not turn its kernel.
TURNED = "ConvTranspose(transpose_kernel=True)"

Ends = tuple[int, int]


class Flax(Jax):
    """The adapter of Flax: its layers, run as those of JAX are."""

    name = "flax"
    package = "flax"
    requirement = "convarith[flax]"
    routes = {
        NNX: Route({"jit": JIT, "eval_shape": DECLARED}),
        LINEN: Route({"jit": JIT, "eval_shape": DECLARED}),
        f"{NNX}.{TURNED}": TRANSPOSED_ALONE,
        f"{LINEN}.{TURNED}": TRANSPOSED_ALONE,
    }
    writer: ClassVar[Writer | None] = FlaxWriter((NNX, LINEN, f"{NNX}.{TURNED}", f"{LINEN}.{TURNED}"))
    functions = _flax_written.functions({NNX: "in_features, out_features", LINEN: "features"}, TURNED)
    switches = ()  # what can be switched is below Flax: there it is switched for JAX, and here by name
    further_switches = (*Jax.switches, *Jax.further_switches)

    def __init__(self, device: str, switch: str = "") -> None:
        super().__init__(device, switch)
        import flax
        from flax import linen, nnx

        self._flax, self._linen, self._nnx = flax, linen, nnx

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        package = LINEN if route.startswith(LINEN) else NNX
        if not 1 <= case.rank <= 3:
            return Unsupported(f"this adapter says 1 to 3 spatial axes, not {case.rank}")
        if case.layout == "channels_first":
            return Unsupported("Flax's layers take channels last only")
        if route.endswith(TURNED) and not case.transposed:
            return Unsupported("ConvTranspose makes transposed convolutions only")
        if case.pools:
            return _pooling(case, package)
        return _convolution(case, package, turned=route.endswith(TURNED))

    @classmethod
    def write(cls, call: Call, switch: str = "") -> Script:
        return _flax_script.write(call, switch)

    def facts(self) -> dict[str, str]:
        below = super().facts()
        return {"version": self._flax.__version__, "jax": below.pop("version"), **below}

    def _layer(self, call: Call) -> Layer:
        package, name = call.spelling.function.rsplit(".", 1)
        arguments = call.spelling.arguments
        if call.case.pools:
            pool = getattr(self._linen if package == LINEN else self._nnx, name)
            return lambda x, _: pool(x, **arguments)
        # The element type is that of computing and of the parameters.
        types = {"dtype": call.case.dtype, "param_dtype": call.case.dtype}
        bias = arranged_bias(call)
        bias = None if bias is None else bias.astype(self._jax.numpy.dtype(call.case.dtype))
        if package == LINEN:
            made = getattr(self._linen, name)(**arguments, **types)
            known = {} if bias is None else {"bias": bias}
            return lambda x, kernel: made.apply({"params": {"kernel": kernel, **known}}, x)
        nnx = self._nnx
        parts = _split(nnx, name, tuple(arguments.items()), tuple(types.items()))

        def layer(x: Any, kernel: Any) -> Any:
            # A module's parameters are set where it is made, and so in each trace anew.
            module = nnx.merge(*parts)
            module.kernel = nnx.Param(kernel)
            if bias is not None:
                module.bias = nnx.Param(bias)
            return module(x)

        return layer


@lru_cache(maxsize=32)  # a case's probes are of one layer, and it takes longer to make than to trace
def _split(nnx: Any, name: str, *arguments: tuple[tuple[str, Any], ...]) -> Any:
    """A module of ``flax.nnx`` taken apart, its parameters initialised as it does, but of shape and type alone."""
    given = {name: value for some in arguments for name, value in some}
    return nnx.split(nnx.eval_shape(lambda: getattr(nnx, name)(**given, rngs=nnx.Rngs(0))))


def _convolution(case: Case, package: str, *, turned: bool) -> Spelling | Unsupported:
    name = "ConvTranspose" if case.transposed else "Conv"
    if not case.floating:
        return Unsupported("Flax's convolutions compute in floating point")
    if case.padding == "causal" and case.rank != 1:
        return Unsupported("Flax has causal padding in one dimension only")
    if case.transposed and (reason := cannot_transpose(case, name)):
        return Unsupported(reason)
    padding: Any = case.padding.upper()
    if case.padding == "explicit":
        padding = _written([stretched_padding(x) if case.transposed else (x.p_before, x.p_after) for x in case.axes])
    maps = {"features": case.channels_out}
    if package == NNX:
        maps = {"in_features": case.channels_in, "out_features": case.channels_out}
    arguments: dict[str, Any] = {
        **maps,
        "kernel_size": case.each("k"),
        "strides": case.each("s"),
        "padding": padding,
        "kernel_dilation": case.each("d"),
        "use_bias": case.bias,
    }
    if case.transposed:
        arguments["transpose_kernel"] = turned
    else:
        arguments["feature_group_count"] = case.groups
    return Spelling(
        f"{package}.{name}",
        arguments,
        letters(case.rank, first=False),
        SPATIAL[case.rank] + ("OI" if turned else "IO"),
        flip=case.transposed and not turned,
        stride="1",
    )


def _pooling(case: Case, package: str) -> Spelling | Unsupported:
    if set(case.each("d")) != {1}:
        return Unsupported("Flax's pooling has no dilation")
    if case.ceil_mode:
        return Unsupported("Flax's pooling has no ceil mode")
    if case.divisor is not None:
        return Unsupported("Flax's average pooling has no divisor of the caller's")
    pads: Any = case.padding.upper()
    if case.padding == "explicit":
        pads = tuple((x.p_before, x.p_after) for x in case.axes)
    arguments = {"window_shape": case.each("k"), "strides": case.each("s"), "padding": pads}
    data = letters(case.rank, first=False)
    if case.op == "max_pool":
        return Spelling(f"{package}.max_pool", arguments, data, stride="1")
    arguments["count_include_pad"] = case.count_include_pad
    return Spelling(f"{package}.avg_pool", arguments, data, stride="1", divisor="the window, padding counted")


def _written(pads: list[Ends]) -> int | tuple[int | Ends, ...]:
    """Padding as one writes it: a number, or one for each axis, where both ends are alike."""
    if len(set(pads)) == 1 and pads[0][0] == pads[0][1]:
        return pads[0][0]
    return tuple(before if before == after else (before, after) for before, after in pads)
