"""The functions of ``jax.lax`` as people write them, and the layer that each makes.

Signatures are those of https://docs.jax.dev/en/latest/jax.lax.html.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from cases.case import Layout, Padding
from cases.layer import Layer, Sizes
from harness.frameworks._jax_say import CONSISTENT, LAX, UNTURNED
from harness.frameworks.arguments import Arguments
from harness.frameworks.arrays import SPATIAL
from harness.frameworks.written import Function

_HEAD = "lhs: Array, rhs: Array, window_strides, padding"
_PRECISION = "precision=None, preferred_element_type=None"


def functions() -> dict[str, Function]:
    """All that can be read, by full name. Those of a transposed convolution are told apart by their arguments."""
    transposed = (
        "lhs: Array, rhs: Array, strides, padding, rhs_dilation=None, dimension_numbers=None, "
        f"transpose_kernel=False, {_PRECISION}, use_consistent_padding=False"
    )
    return {
        f"{LAX}.conv_general_dilated": Function(
            LAX,
            f"{_HEAD}, lhs_dilation=None, rhs_dilation=None, dimension_numbers=None, feature_group_count=1, "
            f"batch_group_count=1, {_PRECISION}, out_sharding=None",
            _convolution,
        ),
        f"{LAX}.conv": Function(LAX, f"{_HEAD}, {_PRECISION}", _convolution),
        f"{LAX}.conv_with_general_padding": Function(
            LAX, f"{_HEAD}, lhs_dilation, rhs_dilation, {_PRECISION}", _convolution
        ),
        f"{LAX}.conv_transpose": Function(_route, transposed, partial(transposed_layer, "strides")),
        f"{LAX}.reduce_window": Function(
            LAX,
            "operand: Array, init_value: Array, computation, window_dimensions, window_strides=None, padding='VALID', "
            "base_dilation=None, window_dilation=None",
            _pooling,
        ),
    }


def _route(said: Arguments) -> str:
    """Which of the adapter's conventions of ``conv_transpose`` the arguments ask for."""
    turned, consistent = said.flag("transpose_kernel"), said.flag("use_consistent_padding")
    if consistent and not turned:
        raise said.wrong("use_consistent_padding", "it is observed together with transpose_kernel=True alone")
    return CONSISTENT if consistent else LAX if turned else UNTURNED


def _rank(said: Arguments, name: str) -> int:
    value = said[name]
    if not isinstance(value, (tuple, list)) or not value:
        raise said.wrong(name, "a tuple is needed, one number for each axis")
    return len(value)


def _layout(said: Arguments, rank: int) -> Layout:
    numbers = said.values.get("dimension_numbers")
    if numbers is None:
        return "channels_first"
    data = numbers[0] if isinstance(numbers, (tuple, list)) and len(numbers) == 3 else None
    if not isinstance(data, str) or sorted(data) != sorted("NC" + SPATIAL[rank]):
        raise said.wrong("dimension_numbers", f"three texts are needed, such as ('NHWC', 'HWIO', 'NHWC') in {rank}-d")
    return "channels_first" if data[1] == "C" else "default"


def padding(said: Arguments, rank: int, names: tuple[str, ...] = ("same", "valid", "same_lower")) -> dict[str, Any]:
    """The padding by name, or in numbers."""
    if isinstance(said["padding"], str):
        name: Padding = said.one_of("padding", names)  # type: ignore[assignment]  # they are paddings
        return {"padding": name}
    ends = said.ends("padding", rank)
    if min(min(pair) for pair in ends) < 0:
        raise said.wrong("padding", "less than 0 crops the input, which is no case of the guide's")
    return {"p": ends}


def _convolution(said: Arguments) -> Layer:
    rank = _rank(said, "window_strides")
    ones = (1,) * rank
    if set(said.each("lhs_dilation", rank, default=ones) if "lhs_dilation" in said.values else ones) != {1}:
        raise said.wrong("lhs_dilation", "a stretched input is a transposed convolution: write jax.lax.conv_transpose")
    if said.values.get("batch_group_count", 1) != 1:
        raise said.wrong("batch_group_count", "groups of the batch are no convolution of the guide's")
    groups = said.number("feature_group_count") if "feature_group_count" in said.values else 1
    channels = said.channels or (groups, groups)
    if any(maps % groups for maps in channels):
        raise said.wrong("feature_group_count", f"it must divide the maps, {channels[0]} and {channels[1]}")
    return Layer(
        op="conv",
        k=said.kernel_size(rank),
        s=said.each("window_strides", rank),
        d=said.each("rhs_dilation", rank, default=ones) if "rhs_dilation" in said.values else ones,
        channels_in=channels[0],
        channels_out=channels[1],
        groups=groups,
        layout=_layout(said, rank),
        **padding(said, rank),
    )


def transposed_layer(strides: str, said: Arguments) -> Layer:
    """A transposed convolution. Its padding in numbers is that of the stretched input (X18), or the convolution's."""
    k = said.kernel_size(None if "kernel_size" in said.values else _rank(said, strides))
    rank = len(k)
    ones = (1,) * rank
    dilation = "rhs_dilation" if "rhs_dilation" in said.values else "kernel_dilation"
    s, d = said.each(strides, rank, default=ones), said.each(dilation, rank, default=ones)
    told = padding(said, rank, ("same", "valid")) if isinstance(said["padding"], str) else _cropped(said, k, d)
    layout = _layout(said, rank) if "dimension_numbers" in said.values else "default"
    return Layer(
        op="conv_transpose",
        k=k,
        s=s,
        d=d,
        channels_in=said.maps[0],
        channels_out=said.maps[1],
        layout=layout,
        **told,
    )


def _cropped(said: Arguments, k: Sizes, d: Sizes) -> dict[str, Any]:
    """P and a of the convolution, from the numbers that pad the stretched input."""
    given = said.ends("padding", len(k))
    p, a = [], []
    for (before, after), size, rate in zip(given, k, d, strict=True):
        full = (size - 1) * rate
        if said.values.get("use_consistent_padding"):
            mine, rest = before, after
        else:
            mine, rest = full - before, full - after
        if mine < 0:
            raise said.wrong("padding", f"more than k̂ - 1 = {full} before is no transposed convolution of the guide's")
        p.append((mine, max(rest, 0)))
        a.append(max(-rest, 0))
    return {"p": tuple(p), "a": tuple(a)}


def _pooling(said: Arguments) -> Layer:
    size = _rank(said, "window_dimensions")
    rank = size - 2
    if rank < 1:
        raise said.wrong("window_dimensions", "batch and feature maps have a number too")
    ones = (1,) * size
    k, s, d = (
        said.each(name, size, default=ones) for name in ("window_dimensions", "window_strides", "window_dilation")
    )
    if said["base_dilation"] is not None and set(said.each("base_dilation", size)) != {1}:
        raise said.wrong("base_dilation", "a stretched input is no pooling of the guide's")
    name = str(said["computation"]).rpartition(".")[2]
    if name not in ("add", "max"):
        raise said.wrong("computation", "jax.lax.add or jax.lax.max is needed")
    first = (k[0], k[1], s[0], s[1], d[0], d[1]) == (1,) * 6 and not (k[-1] == s[-1] == d[-1] == 1)
    spatial = slice(2, None) if first else slice(1, -1)
    told = padding(said, size)
    if "p" in told:
        told["p"] = told["p"][spatial]
    # A sum is an average whose divisor is 1: what it is divided by stands elsewhere.
    return Layer(
        op="avg_pool" if name == "add" else "max_pool",
        k=k[spatial],
        s=s[spatial],
        d=d[spatial],
        divisor=1 if name == "add" else None,
        channels_in=said.maps[0],
        channels_out=said.maps[0],
        layout="channels_first" if first else "default",
        **told,
    )
