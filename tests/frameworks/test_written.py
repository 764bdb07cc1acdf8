"""Layers are read as people write them: every way an adapter says a case is read back, and mistakes are pointed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from cases.case import Case
from harness.commands.selection import CaseSelection
from harness.frameworks import registry
from harness.frameworks.arguments import ARRAY, WrittenError, signature_of
from harness.frameworks.base import Adapter, Spelling
from harness.frameworks.written import read

pytestmark = pytest.mark.slow

KNOWN = registry.functions()


def case(text: str, sizes: str, *, kernel: str = "", channels: tuple[int, int] | None = None) -> str:
    """The id of the case that a text says, for an input of these sizes."""
    size = tuple(int(part) for part in kernel.split("x")) if kernel else None
    found = read(text, KNOWN, kernel=size, channels=channels)
    return found.layer.at(tuple(int(part) for part in sizes.split("x"))).id


# Each id is worked out by hand from what the framework documents.
WRITTEN = [
    ("torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)", "6x6", "conv2d.i6x6.k3x3.s2x2.p1x1.d1x1.c3to8.bias"),
    ("nn.Conv2d(3, 8, (3, 5), 2, (1, 2), bias=False)", "6x7", "conv2d.i6x7.k3x5.s2x2.p1x2.d1x1.c3to8"),
    ("Conv1d(4, 4, 3, groups=4, bias=False, padding='same')", "5", "conv1d.i5.k3.s1.same.p1.d1.c4to4.g4"),
    ("torch.nn.Conv1d(1, 1, 2, dilation=3, padding='same', bias=False)", "5", "conv1d.i5.k2.s1.same.p1_2.d3"),
    (
        "torch.nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)",
        "4x4",
        "conv_transpose2d.i4x4.k3x3.s2x2.p1x1.d1x1.a1x1.c16to8.bias",
    ),
    ("torch.nn.MaxPool2d(3)", "6x6", "max_pool2d.i6x6.k3x3.s3x3.p0x0.d1x1"),
    ("torch.nn.MaxPool2d(3, 2, 1, ceil_mode=True)", "6x6", "max_pool2d.i6x6.k3x3.s2x2.p1x1.d1x1.ceil"),
    ("nn.AvgPool2d(2, 1, 1, count_include_pad=False)", "4x4", "avg_pool2d.i4x4.k2x2.s1x1.p1x1.d1x1.nopad"),
    ("F.avg_pool1d(x, 3)", "6", "avg_pool1d.i6.k3.s3.p0.d1"),
    (
        "keras.layers.Conv2D(8, 3, strides=2, padding='same')",
        "6x5",
        "conv2d.i6x5.k3x3.s2x2.same.p0_1x1.d1x1.c1to8.bias",
    ),
    (
        "tf.keras.layers.Conv2D(8, 3, 2, 'SAME', use_bias=False, activation='relu', name='stem')",
        "6x6",
        "conv2d.i6x6.k3x3.s2x2.same.p0_1x0_1.d1x1.c1to8",
    ),
    ("layers.Conv1D(2, 3, strides=2, padding='causal', use_bias=False)", "5", "conv1d.i5.k3.s2.causal.p2_0.d1.c1to2"),
    (
        "keras.layers.Conv2DTranspose(8, 5, strides=2, padding='same', use_bias=False)",
        "4x4",
        "conv_transpose2d.i4x4.k5x5.s2x2.same.p1_2x1_2.d1x1.a0x0.c1to8",
    ),
    (
        "keras.layers.Conv1DTranspose(1, 3, strides=2, padding='valid', output_padding=1, use_bias=False)",
        "4",
        "conv_transpose1d.i4.k3.s2.valid.p0.d1.a1",
    ),
    ("keras.layers.AveragePooling1D(2)", "5", "avg_pool1d.i5.k2.s2.valid.p0.d1.nopad"),
    ("keras.layers.MaxPooling2D()", "6x6", "max_pool2d.i6x6.k2x2.s2x2.valid.p0x0.d1x1"),
    ("flax.nnx.Conv(3, 8, (3,), use_bias=False, rngs=rngs)", "5", "conv1d.i5.k3.s1.same.p1.d1.c3to8"),
    (
        "nn.Conv(features=8, kernel_size=(3, 3), strides=2)",
        "6x6",
        "conv2d.i6x6.k3x3.s2x2.same.p0_1x0_1.d1x1.c1to8.bias",
    ),
    ("flax.linen.max_pool(x, (3,))", "6", "max_pool1d.i6.k3.s1.valid.p0.d1"),  # its stride is 1, not the window
    ("tf.nn.max_pool2d(x, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding='SAME')", "6x6",
     "max_pool2d.i6x6.k3x3.s2x2.same.p0_1x0_1.d1x1"),
    ("tf.nn.pool(x, (2,), 'AVG', padding='SAME')", "3", "avg_pool1d.i3.k2.s1.same.p0_1.d1.nopad"),
]  # fmt: skip

# The kernel's size comes from an array, and has to be said beside the call.
FROM_ARRAYS = [
    ("tf.nn.conv2d(x, w, strides=2, padding='SAME')", "3x3", "6x6", "conv2d.i6x6.k3x3.s2x2.same.p0_1x0_1.d1x1"),
    ("tf.nn.conv2d(x, w, 1, [[0, 0], [0, 1], [1, 0], [0, 0]])", "2x2", "4x4", "conv2d.i4x4.k2x2.s1x1.p0_1x1_0.d1x1"),
    (
        "tf.nn.conv2d_transpose(x, w, (1, 7, 7, 3), strides=2, padding='VALID')",
        "3x3",
        "3x3",
        "conv_transpose2d.i3x3.k3x3.s2x2.valid.p0x0.d1x1.a0x0",
    ),
    ("F.conv2d(x, w, stride=2, padding=1)", "3x3", "6x6", "conv2d.i6x6.k3x3.s2x2.p1x1.d1x1"),
    (
        "lax.conv_general_dilated(x, w, (2,), [(0, 1)], dimension_numbers=('NWC', 'WIO', 'NWC'))",
        "3",
        "6",
        "conv1d.i6.k3.s2.p0_1.d1",
    ),
    ("jax.lax.conv(x, w, (1, 1), 'SAME_LOWER')", "4x4", "5x5",
     "conv2d.i5x5.k4x4.s1x1.same_lower.p2_1x2_1.d1x1.channels_first"),
    # (0, 0) pads the stretched input: all of k̂ - 1 = 3 is cropped at both ends; VALID crops nothing
    (
        "lax.conv_transpose(x, w, (4,), [(0, 0)], dimension_numbers=('NWC', 'WIO', 'NWC'))",
        "4",
        "16",
        "conv_transpose1d.i16.k4.s4.p3.d1.a0",
    ),
    (
        "lax.conv_transpose(x, w, (4,), 'VALID', dimension_numbers=('NWC', 'WIO', 'NWC'))",
        "4",
        "16",
        "conv_transpose1d.i16.k4.s4.valid.p0.d1.a0",
    ),
    (
        "jax.lax.conv_transpose(x, w, (2,), [(1, 0)], transpose_kernel=True, use_consistent_padding=True, "
        "dimension_numbers=('NWC', 'WIO', 'NWC'))",
        "3",
        "4",
        "conv_transpose1d.i4.k3.s2.p1_0.d1.a0",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sizes", "wanted"), WRITTEN)
def test_a_layer_is_read_as_it_is_documented(text: str, sizes: str, wanted: str) -> None:
    assert case(text, sizes) == wanted


@pytest.mark.parametrize(("text", "kernel", "sizes", "wanted"), FROM_ARRAYS)
def test_a_function_is_read_with_its_kernel_beside_it(text: str, kernel: str, sizes: str, wanted: str) -> None:
    assert case(text, sizes, kernel=kernel) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "torch.nn.Conv2d(3, 8, 3, strde=2)",
            "torch.nn.Conv2d has no argument 'strde' (column 26); there are in_channels",
        ),
        ("torch.nn.Conv2d(3, 8)", "torch.nn.Conv2d: missing a required argument: 'kernel_size'"),
        ("torch.nn.Conv2d(3, 8, 3, stride=(1, 2, 3))", "stride = (1, 2, 3) (column 33): one number, or 2"),
        ("torch.nn.Conv2d(3, 8, 3, stride=0)", "stride = 0 (column 33): 1 is the least"),
        ("torch.nn.Conv2d(3, 8, 3, stride=s)", "stride at column 33 is no literal: write the number itself"),
        ("torch.nn.Conv2d(3, 8, 3, padding='full')", "padding = 'full' (column 34): there are 'valid', 'same'"),
        ("torch.nn.Conv2d(3, 8, 3, padding_mode='circular')", "padding_mode = 'circular' (column 39): such padding is"),
        ("torch.nn.Conv2d(3, 8, 3, groups=2)", "groups = 2 (column 33): it must divide the maps, 3 and 8"),
        ("torch.nn.Conv2d(*sizes)", "'*' at column 17 cannot be read"),
        ("torch.nn.Conv2d(3, 8, **more)", "'**' at column 25 cannot be read"),
        ("torch.nn.ConvTranspose1d(1, 1, 3, output_padding=1)", "output_padding = 1 (column 50): it must be less than"),
        ("torch.nn.Conv4d(3, 8, 3)", "no layer 'torch.nn.Conv4d' is known: is it"),
        ("Conv(3, 8, 3)", "'Conv' may be flax.linen.Conv or flax.nnx.Conv: write it whole"),
        ("torch.nn.Conv2d", "is no call of a layer"),
        ("torch.nn.Conv2d(3, 8, 3", "is no call as Python writes it (column 16)"),
        ("", "is no call as Python writes it"),
        ("print('x')", "no layer 'print' is known"),
        ("(lambda: 3)()", "calls no layer by its name"),
        ("tf.nn.conv2d(x, w, 2, 'SAME')", "takes the kernel's size from an array: say it too, as --k 3x3"),
        ("tf.nn.conv2d(x, w, [2, 2, 2, 1], 'SAME')", "takes the kernel's size"),
        ("keras.layers.Conv2D(8, 3, padding='causal')", "padding = 'causal' (column 35): there are 'valid', 'same'"),
        ("keras.layers.Conv2D(8, 3, data_format='NHWC')", "data_format = 'NHWC' (column 39)"),
        ("flax.nnx.Conv(3, 8, 3, 1, 'SAME', rngs=r)", "too many positional arguments"),
        ("flax.linen.Conv(8, (3,), input_dilation=2)", "input_dilation = 2 (column 41): a stretched input"),
        ("torch.nn.Conv2d(3.5, 8, 3)", "in_channels = 3.5 (column 17): a whole number of at least 1 is needed"),
        ("torch.nn.Conv2d(True, 8, 3)", "in_channels = True (column 17): a whole number"),
        ("torch.nn.MaxPool2d(3, ceil_mode=1)", "ceil_mode = 1 (column 33): True or False is needed"),
    ],
)
def test_a_mistake_is_one_sentence_that_points_at_the_place(text: str, said: str) -> None:
    with pytest.raises(WrittenError) as caught:
        read(text, KNOWN)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_written_is_never_run(tmp_path: Path) -> None:
    made = tmp_path / "made"
    text = f"torch.nn.Conv2d(open({str(made)!r}, 'w').write('x'), 8, 3)"
    with pytest.raises(WrittenError, match="in_channels at column 17 is no literal"):
        read(text, KNOWN)
    assert not made.exists()


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(WrittenError):
        read("torch.nn.Conv2d(" + "(" * 100_000, KNOWN)
    with pytest.raises(WrittenError) as caught:
        read("x" * 1_000_000, KNOWN)
    assert len(str(caught.value)) < 300


def everything() -> list[tuple[str, type[Adapter]]]:
    kinds = {name: registry.load(reference) for name, reference in registry.BUILT_IN.items()}
    return [(name, kind) for name, kind in kinds.items() if name not in ("keras-jax", "keras-torch")]


@pytest.mark.parametrize(("name", "kind"), everything(), ids=[name for name, _ in everything()])
def test_every_way_to_say_a_case_is_read_back(name: str, kind: type[Adapter]) -> None:
    """Over the grid pull-request: the layer that a spelling says is the case's, at its size and on its route."""
    read_back = 0
    for one in CaseSelection(grid="pull-request").cases():
        for route in kind.routes:
            said = kind.say(one, route)
            if not isinstance(said, Spelling) or one.op not in kind.routes[route].ops or _undecided(one, said):
                continue
            text = _with_arrays(said)
            found = read(text, KNOWN, kernel=one.each("k"), channels=(one.channels_in, one.channels_out))
            again = found.layer.at(one.each("i"))
            assert (found.route, again.op, _places(again)) == (route, one.op, _places(one)), text
            read_back += 1
    assert read_back > 300


def _places(one: Case) -> list[tuple[int, ...]]:
    """What decides where taps stand: a of a transposed convolution and its far padding count together."""
    return [(x.i, x.k, x.s, x.d, x.p_before, x.p_after - x.a) for x in one.axes]


def _with_arrays(said: Spelling) -> str:
    """A spelling as people write it, with names for its arrays."""
    _, function = KNOWN.functions[said.function]
    parameters = signature_of(function.signature).parameters.values()
    arrays = [one.name for one in parameters if one.annotation == ARRAY and one.default is one.empty]
    told = {
        name: repr(value)
        for name, value in said.arguments.items()
        if name in signature_of(function.signature).parameters
    }
    if "output_shape" in told:  # the batch stands in front when the call is made
        told["output_shape"] = repr((1, *said.arguments["output_shape"]))
    if "computation" in told:
        told["computation"] = str(said.arguments["computation"])
    arguments = ", ".join([*(f"{name}=x" for name in arrays), *(f"{name}={value}" for name, value in told.items())])
    return f"{said.function}({arguments})"


def _undecided(one: Case, said: Spelling) -> bool:
    """What nobody can read back: sizes that frameworks refuse, and a window that leaves the order of the data open."""
    if said.function == "jax.lax.reduce_window":
        window = [said.arguments[name] for name in ("window_dimensions", "window_strides", "window_dilation")]
        return said.data[1] == "C" and all(numbers[-1] == 1 for numbers in window)
    if one.transposed:
        refused = any(x.a >= x.s for x in one.axes) and not said.function.startswith("torch")
        return refused or min(x.s * (x.i - 1) + x.k_hat + x.a - x.p_before - x.p_after for x in one.axes) < 1
    return False


@pytest.mark.frameworks
def test_signatures_are_those_of_the_frameworks() -> None:
    """Names, order and defaults that are numbers or texts, where Python can tell them."""
    import importlib
    import inspect

    seen = 0
    for name, (_, function) in KNOWN.functions.items():
        module, _, attribute = name.replace("tf.", "tensorflow.", 1).rpartition(".")
        owner = importlib.import_module(module) if not module.startswith("tensorflow") else _of_tensorflow(module)
        made = getattr(owner, attribute)
        try:
            theirs = inspect.signature(made)
        except ValueError:  # of a function in C++ nothing is told
            continue
        if any(one.kind is one.VAR_POSITIONAL for one in theirs.parameters.values()):
            continue
        seen += 1
        mine = signature_of(function.signature).parameters
        names = [one.name for one in theirs.parameters.values() if one.kind is not one.VAR_KEYWORD]
        assert [one for one in names if one in mine] == list(mine), name
        for one in mine.values():
            default = theirs.parameters[one.name].default
            if isinstance(default, (bool, int, str)) and one.default is not one.empty and "initializer" not in one.name:
                assert one.default == default, (name, one.name)
    assert seen > 60


def _of_tensorflow(module: str) -> object:
    import tensorflow as tf

    return tf.nn if module == "tensorflow.nn" else tf
