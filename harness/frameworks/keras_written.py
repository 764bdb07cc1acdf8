"""Keras's layers and the functions of ``keras.ops`` as people write them, and the layer that each makes.

Signatures are those of Keras 3's documentation, https://keras.io/api/layers/. ``tf.keras`` is read as Keras.
"""

from __future__ import annotations

from functools import partial

from cases.case import Layout, Op, Padding
from cases.layer import Layer, Sizes
from harness.frameworks.arguments import Arguments
from harness.frameworks.keras_say import DEPTHWISE_LAYERS, DEPTHWISE_OPS, LAYERS, OPS
from harness.frameworks.written import Function

_KEPT = ("name", "dtype", "trainable", "autocast", "input_shape", "batch_input_shape")  # of no matter here
_HEAD = "kernel_size, strides=1, padding='valid'"


def _settings(kernel: str) -> str:
    """What Keras's layers are told after their geometry."""
    roles = [f"{whose}_{role}" for role in ("initializer", "regularizer") for whose in (kernel, "bias")]
    roles += ["activity_regularizer", f"{kernel}_constraint", "bias_constraint"]
    return ", ".join(["activation=None", "use_bias=True", *(f"{role}=None" for role in roles)])


_CONV = f"filters, {_HEAD}, data_format=None, dilation_rate=1, groups=1, {_settings('kernel')}"
_DEPTHWISE = f"{_HEAD}, depth_multiplier=1, data_format=None, dilation_rate=1, {_settings('depthwise')}"
_TRANSPOSED = f"filters, {_HEAD}, output_padding=None, data_format=None, dilation_rate=1, {_settings('kernel')}"
_TRANSPOSED_3D = f"filters, {_HEAD}, data_format=None, output_padding=None, dilation_rate=1, {_settings('kernel')}"
_POOL = "strides=None, padding='valid', data_format=None"
_CALLED = "inputs: Array, kernel: Array, strides=1, padding='valid'"


def functions() -> dict[str, Function]:
    """All that can be read, by full name."""
    found: dict[str, Function] = {}
    for rank in (1, 2, 3):
        transposed = _TRANSPOSED_3D if rank == 3 else _TRANSPOSED
        found |= {
            f"{LAYERS}.Conv{rank}D": Function(LAYERS, _CONV, partial(_convolution, rank), _KEPT),
            f"{LAYERS}.Conv{rank}DTranspose": Function(LAYERS, transposed, partial(_transposed, rank), _KEPT),
            f"{LAYERS}.AveragePooling{rank}D": Function(
                LAYERS, f"pool_size, {_POOL}, name=None", partial(_pooling, "avg_pool", rank), _KEPT
            ),
            f"{LAYERS}.MaxPooling{rank}D": Function(
                LAYERS, f"pool_size=2, {_POOL}, name=None", partial(_pooling, "max_pool", rank), _KEPT
            ),
        }
        for short, name in (("AvgPool", "AveragePooling"), ("MaxPool", "MaxPooling")):
            found[f"{LAYERS}.{short}{rank}D"] = found[f"{LAYERS}.{name}{rank}D"]
        found[f"{LAYERS}.Convolution{rank}D"] = found[f"{LAYERS}.Conv{rank}D"]
        if rank < 3:
            found[f"{LAYERS}.DepthwiseConv{rank}D"] = Function(
                DEPTHWISE_LAYERS, _DEPTHWISE, partial(_depthwise, rank), _KEPT
            )
    sized = f"inputs: Array, pool_size, {_POOL}"
    return found | {
        f"{OPS}.conv": Function(OPS, f"{_CALLED}, data_format=None, dilation_rate=1", partial(_convolution, None)),
        f"{OPS}.conv_transpose": Function(
            OPS, f"{_CALLED}, output_padding=None, data_format=None, dilation_rate=1", partial(_transposed, None)
        ),
        f"{OPS}.depthwise_conv": Function(
            DEPTHWISE_OPS, f"{_CALLED}, data_format=None, dilation_rate=1", partial(_depthwise, None)
        ),
        f"{OPS}.average_pool": Function(OPS, sized, partial(_pooling, "avg_pool", None)),
        f"{OPS}.max_pool": Function(OPS, sized, partial(_pooling, "max_pool", None)),
    }


def _layout(said: Arguments) -> Layout:
    if said["data_format"] is None:
        return "default"
    first = said.one_of("data_format", ("channels_last", "channels_first")) == "channels_first"
    return "channels_first" if first else "default"


def _kernel(said: Arguments, rank: int | None) -> Sizes:
    """The kernel's size; a function takes its number of axes from it."""
    if "kernel_size" in said.values:
        return said.each("kernel_size", rank or 1)
    return said.kernel_size(rank)


def _window(said: Arguments, rank: int | None) -> Sizes:
    if rank is None:
        size = said["pool_size"]
        if not isinstance(size, (tuple, list)):
            raise said.wrong("pool_size", "a tuple is needed, one number for each axis, to know how many there are")
        rank = len(size)
    return said.each("pool_size", rank)


def _bias(said: Arguments) -> bool:
    return said.flag("use_bias") if "use_bias" in said.values else False


def _named(said: Arguments, op: Op, rank: int) -> Padding:
    causal = op == "conv" and rank == 1 and "filters" in said.values
    names = ("valid", "same", "causal") if causal else ("valid", "same")
    padding: Padding = said.one_of("padding", names)  # type: ignore[assignment]  # they are paddings
    return padding


def _convolution(rank: int | None, said: Arguments) -> Layer:
    k = _kernel(said, rank)
    channels = said.maps
    groups = 1
    if "filters" in said.values:
        channels, groups = (channels[0], said.number("filters")), said.number("groups")
        if said.channels is None:
            channels = (groups, channels[1])  # one map for each group, unless more is known
    if any(maps % groups for maps in channels):
        raise said.wrong("groups", f"it must divide the maps, {channels[0]} and {channels[1]}")
    return Layer(
        op="conv",
        k=k,
        s=said.each("strides", len(k)),
        d=said.each("dilation_rate", len(k)),
        padding=_named(said, "conv", len(k)),
        channels_in=channels[0],
        channels_out=channels[1],
        groups=groups,
        bias=_bias(said),
        layout=_layout(said),
    )


def _depthwise(rank: int | None, said: Arguments) -> Layer:
    k = _kernel(said, rank)
    maps = said.maps[0]
    each = said.number("depth_multiplier") if "depth_multiplier" in said.values else max(1, said.maps[1] // maps)
    return Layer(
        op="conv",
        k=k,
        s=said.each("strides", len(k)),
        d=said.each("dilation_rate", len(k)),
        padding=_named(said, "conv", 0),
        channels_in=maps,
        channels_out=maps * each,
        groups=maps,
        bias=_bias(said),
        layout=_layout(said),
    )


def _transposed(rank: int | None, said: Arguments) -> Layer:
    k = _kernel(said, rank)
    s, d = said.each("strides", len(k)), said.each("dilation_rate", len(k))
    padding = _named(said, "conv_transpose", len(k))
    rest = None
    if said["output_padding"] is not None:
        # It counts from (i' - 1)s + k̂ where nothing is padded, and from (i' - 1)s + (k̂ mod 2) by the name 'same'.
        more = said.each("output_padding", len(k), least=0)
        spans = [k + (k - 1) * (d - 1) for k, d in zip(k, d, strict=True)]
        rest = tuple(
            given + (k_hat if padding == "valid" else k_hat % 2) for given, k_hat in zip(more, spans, strict=True)
        )
    return Layer(
        op="conv_transpose",
        k=k,
        s=s,
        d=d,
        padding=padding,
        rest=rest,
        channels_in=said.maps[0],
        channels_out=said.number("filters") if "filters" in said.values else said.maps[1],
        bias=_bias(said),
        layout=_layout(said),
    )


def _pooling(op: Op, rank: int | None, said: Arguments) -> Layer:
    k = _window(said, rank)
    return Layer(
        op=op,
        k=k,
        s=said.each("strides", len(k), default=k),
        d=(1,) * len(k),
        padding=_named(said, op, len(k)),
        count_include_pad=op != "avg_pool",  # Keras divides by the units that are no padding
        channels_in=said.maps[0],
        channels_out=said.maps[0],
        layout=_layout(said),
    )
