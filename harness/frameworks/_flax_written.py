"""Flax's layers as people write them, and the layer that each makes.

Signatures are those of https://flax.readthedocs.io/en/latest/api_reference/flax.nnx/nn/linear.html and of
``flax.linen``; how they are computed (types, initialisers) is left aside.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cases.case import Op
from cases.layer import Layer
from harness.frameworks._jax_written import padding, transposed_layer
from harness.frameworks.arguments import Arguments
from harness.frameworks.written import Function

_IGNORED = (
    *("rngs", "dtype", "param_dtype", "precision", "kernel_init", "bias_init", "name", "parent", "promote_dtype"),
    *("preferred_element_type", "kernel_metadata", "bias_metadata"),
)
_CONV = "input_dilation=1, kernel_dilation=1, feature_group_count=1, use_bias=True, mask=None"
_TRANSPOSED = "kernel_dilation=None, use_bias=True, mask=None, transpose_kernel=False"
_POOL = "inputs: Array, window_shape, strides=None, padding='VALID'"


def functions(packages: dict[str, str], turned: str) -> dict[str, Function]:
    """All that can be read, by full name.

    Parameters
    ----------
    packages : dict
        From each package to what its layers say of their maps: 'in_features, out_features' or 'features'.
    turned : str
        What the routes are called that turn the kernel of a transposed convolution.
    """
    found: dict[str, Function] = {}
    for package, maps in packages.items():
        # In flax.nnx what follows the strides goes by keyword alone.
        bar = "*, " if "in_features" in maps else ""
        head = f"{maps}, kernel_size, strides=1, {bar}padding='SAME'"
        found |= {
            f"{package}.Conv": Function(package, f"{head}, {_CONV}", _convolution, _IGNORED),
            f"{package}.ConvTranspose": Function(
                partial(_route, package, turned), f"{head}, {_TRANSPOSED}", _transposed, _IGNORED
            ),
            f"{package}.max_pool": Function(package, _POOL, partial(_pooling, "max_pool")),
            f"{package}.avg_pool": Function(package, f"{_POOL}, count_include_pad=True", partial(_pooling, "avg_pool")),
        }
    return found


def _route(package: str, turned: str, said: Arguments) -> str:
    return f"{package}.{turned}" if said.flag("transpose_kernel") else package


def _maps(said: Arguments, groups: int = 1) -> tuple[int, int]:
    if "in_features" in said.values:
        return said.number("in_features"), said.number("out_features")
    return (said.channels or (groups, 1))[0], said.number("features")


def _rank(said: Arguments, name: str) -> int:
    value = said[name]
    return len(value) if isinstance(value, (tuple, list)) else 1


def _mask(said: Arguments) -> None:
    if said["mask"] is not None:
        raise said.wrong("mask", "a kernel with a mask is another kernel: leave it out")


def _convolution(said: Arguments) -> Layer:
    _mask(said)
    rank = _rank(said, "kernel_size")
    ones = (1,) * rank
    if set(said.each("input_dilation", rank, default=ones)) != {1}:
        raise said.wrong("input_dilation", "a stretched input is a transposed convolution: write ConvTranspose")
    groups = said.number("feature_group_count")
    channels = _maps(said, groups)
    if any(maps % groups for maps in channels):
        raise said.wrong("feature_group_count", f"it must divide the maps, {channels[0]} and {channels[1]}")
    names = ("same", "valid", "same_lower", *(("causal",) if rank == 1 else ()))
    return Layer(
        op="conv",
        k=said.each("kernel_size", rank),
        s=said.each("strides", rank, default=ones),
        d=said.each("kernel_dilation", rank, default=ones),
        channels_in=channels[0],
        channels_out=channels[1],
        groups=groups,
        bias=said.flag("use_bias"),
        **padding(said, rank, names),
    )


def _transposed(said: Arguments) -> Layer:
    _mask(said)
    size = said.each("kernel_size", _rank(said, "kernel_size"))
    known = Arguments(said.function, said.values, said.columns, size, _maps(said))
    return replace(transposed_layer("strides", known), bias=said.flag("use_bias"))


def _pooling(op: Op, said: Arguments) -> Layer:
    value = said["window_shape"]
    if not isinstance(value, (tuple, list)):
        raise said.wrong("window_shape", "a tuple is needed, one number for each axis")
    rank = len(value)
    return Layer(
        op=op,
        k=said.each("window_shape", rank),
        s=said.each("strides", rank, default=(1,) * rank),  # and not the window, as elsewhere
        d=(1,) * rank,
        count_include_pad=said.flag("count_include_pad") if op == "avg_pool" else True,
        channels_in=said.maps[0],
        channels_out=said.maps[0],
        **padding(said, rank, ("same", "valid", "same_lower")),
    )
