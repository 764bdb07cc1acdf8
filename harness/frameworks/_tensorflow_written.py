"""TensorFlow's functions as people write them, and the layer that each makes.

Signatures are those of https://www.tensorflow.org/api_docs/python/tf/nn.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from cases.case import Layout, Op, Padding
from cases.layer import Ends, Layer, Sizes
from harness.frameworks._tensorflow_say import CONV_TRANSPOSE, CONVOLUTION, DEPTHWISE, NN, POOL
from harness.frameworks.arguments import Arguments
from harness.frameworks.arrays import letters
from harness.frameworks.written import Function

_FILTERED = "input: Array, filters: Array, strides, padding"
_SHAPED = "input: Array, filters: Array, output_shape, strides, padding='SAME'"
_WINDOW = "input: Array, ksize, strides, padding"
_END = "dilations=None, name=None"


def functions() -> dict[str, Function]:
    """All that can be read, by full name."""
    found: dict[str, Function] = {}
    for rank in (1, 2, 3):
        data = f"data_format='{letters(rank, first=False)}'"
        conv = _FILTERED.replace("strides", "stride") if rank == 1 else _FILTERED
        found |= {
            f"{NN}.conv{rank}d": Function(NN, f"{conv}, {data}, {_END}", partial(_convolution, rank)),
            f"{NN}.conv{rank}d_transpose": Function(NN, f"{_SHAPED}, {data}, {_END}", partial(_transposed, rank)),
            f"{NN}.max_pool{rank}d": Function(NN, f"{_WINDOW}, {data}, name=None", partial(_pooling, "max_pool", rank)),
            f"{NN}.avg_pool{rank}d": Function(NN, f"{_WINDOW}, {data}, name=None", partial(_pooling, "avg_pool", rank)),
        }
    return found | {
        CONVOLUTION: Function(
            CONVOLUTION,
            f"input: Array, filters: Array, strides=None, padding='VALID', data_format=None, {_END}",
            partial(_convolution, None),
        ),
        CONV_TRANSPOSE: Function(CONV_TRANSPOSE, f"{_SHAPED}, data_format=None, {_END}", partial(_transposed, None)),
        DEPTHWISE: Function(
            DEPTHWISE, f"input: Array, filter: Array, strides, padding, data_format=None, {_END}", _depthwise
        ),
        POOL: Function(
            POOL,
            f"input: Array, window_shape, pooling_type, strides=None, padding='VALID', data_format=None, {_END}",
            _any_pooling,
        ),
    }


def _data(said: Arguments, rank: int) -> str:
    """The order of the data's axes."""
    known = [letters(rank, first=False), letters(rank, first=True)]
    if said["data_format"] is None:
        return known[0]
    if said["data_format"] not in known:
        raise said.wrong("data_format", f"there are {known[0]!r} and {known[1]!r}")
    return str(said["data_format"])


def _layout(data: str) -> Layout:
    return "channels_first" if data[1] == "C" else "default"


def _every(said: Arguments, name: str, rank: int, data: str, default: Sizes | None = None) -> Sizes:
    """A number for each axis, of one, of one each, or of one for every dimension of the data."""
    value = said[name]
    if isinstance(value, (tuple, list)) and len(value) == rank + 2:
        numbers = said.each(name, rank + 2)
        if numbers[0] != 1 or numbers[data.index("C")] != 1:
            raise said.wrong(name, "batch and feature maps take 1")
        return tuple(number for letter, number in zip(data, numbers, strict=True) if letter not in "NC")
    return said.each(name, rank, default=default)


def _padding(said: Arguments, rank: int, data: str) -> dict[str, Any]:
    """The padding by name, or as pairs for every dimension of the data."""
    value = said["padding"]
    if isinstance(value, str):
        name: Padding = "same" if said.one_of("padding", ("same", "valid")) == "same" else "valid"
        return {"padding": name}
    pairs = said.ends("padding", rank + 2) if isinstance(value, (tuple, list)) else ()
    if not pairs or any(pairs[data.index(letter)] != (0, 0) for letter in "NC"):
        raise said.wrong("padding", f"'SAME', 'VALID', or {rank + 2} pairs, (0, 0) for batch and feature maps")
    ends: tuple[Ends, ...] = tuple(pair for letter, pair in zip(data, pairs, strict=True) if letter not in "NC")
    if min(min(pair) for pair in ends) < 0:
        raise said.wrong("padding", "0 is the least")
    return {"p": ends}


def _strides(said: Arguments, rank: int, data: str) -> Sizes:
    name = "stride" if "stride" in said.values else "strides"
    return _every(said, name, rank, data, default=(1,) * rank)


def _convolution(rank: int | None, said: Arguments) -> Layer:
    k = said.kernel_size(rank)
    data = _data(said, len(k))
    return Layer(
        op="conv",
        k=k,
        s=_strides(said, len(k), data),
        d=_every(said, "dilations", len(k), data, default=(1,) * len(k)),
        channels_in=said.maps[0],
        channels_out=said.maps[1],
        layout=_layout(data),
        **_padding(said, len(k), data),
    )


def _depthwise(said: Arguments) -> Layer:
    k, data = said.kernel_size(2), _data(said, 2)
    maps = said.maps[0]
    return Layer(
        op="conv",
        k=k,
        s=_strides(said, 2, data),
        d=_every(said, "dilations", 2, data, default=(1, 1)),
        channels_in=maps,
        channels_out=maps * max(1, said.maps[1] // maps),
        groups=maps,
        layout=_layout(data),
        **_padding(said, 2, data),
    )


def _transposed(rank: int | None, said: Arguments) -> Layer:
    k = said.kernel_size(rank)
    rank = len(k)
    data = _data(said, rank)
    shape = said["output_shape"]
    if not isinstance(shape, (tuple, list)) or len(shape) not in (rank, rank + 2):
        raise said.wrong("output_shape", f"{rank + 2} numbers are needed, or the {rank} sizes alone")
    sizes = said.each("output_shape", len(shape))
    if len(shape) != rank:
        sizes = tuple(size for letter, size in zip(data, sizes, strict=True) if letter not in "NC")
    told = _padding(said, rank, data)
    return Layer(
        op="conv_transpose",
        k=k,
        s=_strides(said, rank, data),
        d=_every(said, "dilations", rank, data, default=(1,) * rank),
        size=sizes,
        channels_in=said.maps[0],
        channels_out=said.maps[1],
        layout=_layout(data),
        **told,
    )


def _pooling(op: Op, rank: int, said: Arguments) -> Layer:
    data = _data(said, rank)
    k, s = (_every(said, name, rank, data) for name in ("ksize", "strides"))
    return _pool(said, op, data, (k, s, (1,) * rank))


def _any_pooling(said: Arguments) -> Layer:
    op: Op = "avg_pool" if said.one_of("pooling_type", ("avg", "max")) == "avg" else "max_pool"
    shape = said["window_shape"]
    if not isinstance(shape, (tuple, list)):
        raise said.wrong("window_shape", "a tuple is needed, one number for each axis")
    rank = len(shape)
    data, ones = _data(said, rank), (1,) * rank
    s, d = (said.each(name, rank, default=ones) for name in ("strides", "dilations"))
    return _pool(said, op, data, (said.each("window_shape", rank), s, d))


def _pool(said: Arguments, op: Op, data: str, window: tuple[Sizes, Sizes, Sizes]) -> Layer:
    k, s, d = window
    return Layer(
        op=op,
        k=k,
        s=s,
        d=d,
        count_include_pad=op != "avg_pool",  # TensorFlow divides by the units that are no padding
        channels_in=said.maps[0],
        channels_out=said.maps[0],
        layout=_layout(data),
        **_padding(said, len(k), data),
    )
