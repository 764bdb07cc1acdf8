"""Translated code: what it says, that its proof sees a mistake, and that it does the same on the real frameworks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.__main__ import main
from harness.frameworks import registry
from harness.frameworks._torch_code import TorchWriter
from harness.frameworks.base import Adapter
from harness.frameworks.written import Read, read
from harness.investigate import proof
from harness.investigate.question import size_of
from harness.investigate.translation import NoWayError, Translation, candidates

KNOWN = registry.functions()


def of(text: str, *, kernel: tuple[int, ...] | None = None, channels: tuple[int, int] | None = None) -> Read:
    return read(text, KNOWN, kernel=kernel, channels=channels)


def first(text: str, to: str, **more: tuple[int, int]) -> Translation:
    return candidates(of(text, channels=more.get("channels")), to)[0]


def test_a_transposed_convolution_in_keras_is_a_slice_of_the_whole() -> None:
    told = first("torch.nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)", "keras")
    assert told.reason == "keras.layers.Conv2DTranspose pads by name only; explicit padding takes a layer of its own"
    assert told.target.text == (
        "import keras\n\n"
        "# kernel: the source's weights as a NumPy array of axes I, O, H, W\n"
        "kernel = kernel.transpose(2, 3, 1, 0)  # to H, W, O, I\n"
        "kernel = kernel.copy()\n"
        "conv = keras.layers.Conv2DTranspose(strides=(2, 2), padding='valid', data_format='channels_last', "
        "dilation_rate=(1, 1), output_padding=(1, 1), kernel_size=(3, 3), use_bias=True, filters=8)\n"
        "conv.build((None, None, None, 16))\n"
        "conv.set_weights([kernel, bias])\n\n"
        "def layer(x):  # x: N, H, W, C, where the source has N, C, H, W\n"
        "    y = conv(x)\n"
        "    y = y[:, 1 : y.shape[1] - 1, 1 : y.shape[2] - 1]\n"
        "    return y\n"
    )


def test_same_with_a_stride_in_torch_is_padded_as_the_size_asks() -> None:
    told = first("keras.layers.Conv2D(8, 3, strides=2, padding='same')", "torch", channels=(3, 8))
    assert (told.target.how, told.reason) == ("padding", "padding='same' is not supported for strided convolutions")
    assert "    pads = [ends(*one) for one in zip(x.shape[2:], (3, 3), (2, 2))]\n" in told.target.text
    assert "    x = torch.nn.functional.pad(x, (*pads[1], *pads[0]))\n" in told.target.text  # the last axis first


@pytest.mark.parametrize(
    ("text", "to", "said"),
    [
        # R3: an odd kernel, unit strides: 'same' is p = ⌊k/2⌋ at every size
        ("keras.layers.Conv2D(8, 3, padding='same')", "torch", "padding='same'"),
        ("torch.nn.Conv2d(3, 8, (3, 5), padding=(1, 2))", "keras", "padding='same'"),
        ("torch.nn.Conv2d(3, 8, 3, 2, 1)", "jax", "padding=[(1, 1), (1, 1)]"),
        ("torch.nn.ConvTranspose1d(3, 8, 4, 2, 1)", "keras", "padding='same'"),  # k̂ - s is even
        ("torch.nn.MaxPool2d(2)", "tensorflow", "padding='VALID'"),
    ],
)
def test_arguments_are_found_where_there_are_some(text: str, to: str, said: str) -> None:
    told = candidates(of(text, channels=(3, 8)), to)[0]
    assert told.target.how == "arguments"
    assert said in told.target.text


def test_weights_are_turned_where_one_side_turns_them() -> None:
    text = "flax.nnx.ConvTranspose(3, 8, (3,), strides=(2,), rngs=rngs)"
    assert "kernel = kernel[:, :, ::-1]  # turned by 180°" in candidates(of(text), "torch")[0].target.text
    text = "flax.nnx.ConvTranspose(3, 8, (3,), strides=(2,), transpose_kernel=True, rngs=rngs)"
    assert "turned" not in candidates(of(text), "torch")[0].target.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["torch.nn.Conv2d(3, 8, 3)", "--to", "onnx"], "--to onnx: there are flax, jax, keras"),
        (["torch.nn.Conv2d(3, 8)", "--to", "jax"], "missing a required argument: 'kernel_size'"),
        (["keras.layers.Conv2D(8, 3)", "--to", "torch"], "does not say its input maps: say both, as --channels 3x8"),
        (["torch.nn.Conv2d(3, 8, 3)", "--to", "jax", "--input", "5x5x5"], "has 2 spatial axes"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", *arguments]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_what_is_not_installed_is_unproved(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, installed in {"torch": True, "jax": False}.items():
        monkeypatch.setattr(registry.load(registry.BUILT_IN[name]), "is_installed", lambda found=installed: found)
    assert main(["translate", "torch.nn.Conv2d(3, 8, 3)", "--to", "jax"]) == 0
    assert "# Unproved: jax is not installed here." in capsys.readouterr().out


# Layers of every operation and sort of padding, each to be said in every other framework.
LAYERS: list[tuple[str, tuple[int, ...] | None, tuple[int, int] | None]] = [
    ("torch.nn.Conv2d(3, 8, (3, 2), stride=(2, 3), padding=(1, 0), dilation=(1, 2))", None, None),
    ("torch.nn.Conv1d(4, 8, 3, groups=4, bias=False)", None, None),
    ("torch.nn.ConvTranspose2d(3, 8, (3, 5), stride=2, padding=(1, 2), output_padding=(1, 0))", None, None),
    ("torch.nn.AvgPool2d(3, 2, 1, ceil_mode=True)", None, None),
    ("torch.nn.AvgPool1d(3, 2, 1, count_include_pad=False)", None, None),
    ("torch.nn.MaxPool2d((3, 2), 2, 1, ceil_mode=True)", None, None),
    ("keras.layers.Conv2D(8, (3, 4), strides=(2, 1), padding='same')", None, (3, 8)),
    ("keras.layers.Conv1D(8, 3, strides=2, padding='causal')", None, (3, 8)),
    ("keras.layers.Conv2DTranspose(8, (5, 3), strides=(2, 3), padding='same')", None, (3, 8)),
    ("keras.layers.DepthwiseConv2D(3, depth_multiplier=2)", None, (3, 6)),
    ("tf.nn.avg_pool2d(x, (3, 2), 2, 'SAME')", None, None),
    ("keras.layers.Conv1D(8, 3, strides=2, padding='same')", None, (3, 8)),
    ("flax.nnx.avg_pool(x, (2,), (2,), 'SAME')", None, None),  # odd sizes alone are padded, and it is counted
    ("jax.lax.conv_transpose(x, w, (3,), [(0, 4)], dimension_numbers=('NWC', 'WIO', 'NWC'))", (4,), (3, 8)),
    ("flax.nnx.ConvTranspose(3, 8, (3, 4), strides=(2, 2), rngs=rngs)", None, None),
    ("torch.nn.Conv2d(3, 6, 3, stride=2, dilation=2, groups=3)", None, None),  # tf.nn.depthwise_conv2d does another
    ("torch.nn.AvgPool1d(3, 3, 1, ceil_mode=True)", None, None),  # less of the far padding is read than there is
    ("flax.nnx.ConvTranspose(3, 8, (2,), strides=(2,), padding=((-2, -3),), rngs=rngs)", None, None),
]  # fmt: skip


@pytest.mark.frameworks
def test_every_translation_does_the_same() -> None:
    """Every layer in every framework: all of one framework's codes are run in one process."""
    asked = [
        (of(text, kernel=kernel, channels=channels), to)
        for text, kernel, channels in LAYERS
        for to in ("torch", "keras", "tensorflow", "jax", "flax")
    ]
    found = proof.proved_all(asked)
    status = {(one.text, to): (came.status, came.why) for (one, to), (_, came) in zip(asked, found, strict=True)}
    assert {pair: told for pair, told in status.items() if told[0] != "proved"} == {}
    assert len(status) == len(LAYERS) * 5
    how = {one.target.how for one, _ in found}
    assert how == {"arguments", "padding", "slice"}


@pytest.mark.parametrize(
    ("text", "kernel", "why"),
    [
        (
            "tf.nn.depthwise_conv2d(x, w, (1, 2, 2, 1), 'VALID', dilations=(2, 2))",
            (3, 3),
            "tf.nn.depthwise_conv2d takes no stride together with a dilation",
        ),
        (
            "flax.nnx.avg_pool(x, (1,), padding=((1, 0),), count_include_pad=False)",
            None,
            "an average over padding alone, which does not count, is 0 / 0 in Flax",
        ),
    ],
)
def test_what_its_own_framework_does_not_compute_is_not_translated(
    text: str, kernel: tuple[int, ...] | None, why: str
) -> None:
    read = of(text, kernel=kernel, channels=(3, 6) if kernel else None)
    with pytest.raises(NoWayError) as found:
        candidates(read, "torch")
    assert found.value.reason == why
    assert str(found.value).endswith(f": {read.framework} itself computes another layer: {why}")


@pytest.mark.parametrize(
    ("text", "kernel", "channels"),
    [
        ("keras.layers.DepthwiseConv2D(3, strides=2, dilation_rate=2)", None, (3, 3)),  # Keras takes it since 3.15.0
        ("tf.nn.depthwise_conv2d(x, w, (1, 1, 2, 1), 'VALID')", (3, 3), (3, 6)),  # oneDNN takes it
        ("tf.nn.pool(x, (2,), 'MAX', padding='SAME', dilations=(2,))", None, None),
    ],
)
def test_what_its_documentation_refuses_is_the_framework_s_to_refuse(
    text: str, kernel: tuple[int, ...] | None, channels: tuple[int, int] | None
) -> None:
    """Releases and processors differ in what they take: running it tells."""
    assert candidates(of(text, kernel=kernel, channels=channels), "torch")


def test_what_is_proved_has_an_output_at_every_size() -> None:
    for text, kernel, channels in LAYERS:
        layer = of(text, kernel=kernel, channels=channels).layer
        for sizes in proof.telling(layer, None):
            assert min(size_of(layer.at(sizes))) >= 1, (text, sizes)


@pytest.mark.frameworks
def test_a_proof_sees_padding_at_the_wrong_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Backwards(TorchWriter):
        def pad(self, x: str, ends: object, value: str) -> str:
            return super().pad(x, [f"{pair}[::-1]" for pair in ends], value)  # type: ignore[attr-defined]  # a sequence

    kind: type[Adapter] = registry.load(registry.BUILT_IN["torch"])
    monkeypatch.setattr(kind, "writer", Backwards())
    ((_, came),) = proof.proved_all(
        [(of("keras.layers.Conv2D(8, 3, strides=2, padding='same')", channels=(3, 8)), "torch")]
    )
    assert came.status == "different"
    assert "entries of the operators differ" in came.why


@pytest.mark.frameworks
def test_the_program_proves_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = "torch.nn.ConvTranspose1d(4, 2, 3, stride=2, padding=1, output_padding=1)"
    assert main(["translate", text, "--to", "flax", "--input", "32", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["proof"], told["how"], told["framework"]) == ("proved", "arguments", "flax")


def test_few_maps_keep_their_structure() -> None:
    layer = of("torch.nn.Conv2d(64, 128, 3, groups=8)").layer
    small = proof.few(layer)
    assert (small.channels_in, small.channels_out, small.groups) == (4, 4, 2)
    small = proof.few(replace(layer, groups=64, channels_out=64))
    assert (small.channels_in, small.channels_out, small.groups) == (2, 2, 2)


def test_a_process_that_is_late_is_ended_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    job = proof.Job(first("torch.nn.Conv1d(3, 8, 3)", "jax").source, of("torch.nn.Conv1d(3, 8, 3)").layer, ((6,),))
    monkeypatch.setattr(proof.Job, "told", lambda *_: {})
    monkeypatch.setattr(registry, "adapters", lambda: {"late": "fakes.misbehaving:Misbehaving"})
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setenv("MISBEHAVE", json.dumps({"import": "hang"}))
    monkeypatch.setattr(proof, "_SECONDS", 1.5)
    assert proof.run("late", [job]) == [([], "it was not done after 1.5 s, and was ended")]
    monkeypatch.setenv("MISBEHAVE", json.dumps({"import": "abort"}))
    assert proof.run("late", [job])[0][1].startswith("the process ended: SIGABRT")


def test_who_is_guilty_is_the_code_that_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one that was waiting, nor one that had given its result before its process ended."""
    text = "torch.nn.Conv1d(3, 8, 3)"
    jobs = [proof.Job(first(text, "jax").source, of(text).layer, ((size,),)) for size in (6, 7, 8)]
    codes = {(6,): "pass", (7,): "import os; os.abort()", (8,): "import atexit, os; atexit.register(os.abort)"}
    empty: dict[str, Any] = {"imports": [], "kernel": None, "sizes": []}
    monkeypatch.setattr(proof.Job, "told", lambda job, n: {"number": n, "code": codes[job.sizes[0]], **empty})
    monkeypatch.setattr(registry, "adapters", lambda: {"fake": "fakes.misbehaving:Misbehaving"})
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    seen: list[tuple[str, int, int]] = []
    came = proof.run("fake", jobs, lambda *told: seen.append(told))
    assert [error.startswith("the process ended: SIGABRT") for _, error in came] == [False, True, False]
    assert sorted(seen) == [("fake", done, 3) for done in (1, 2, 3)]


def test_the_limit_is_one_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "torch.nn.Conv1d(3, 8, 3)"
    jobs = [proof.Job(first(text, "jax").source, of(text).layer, ((size,),)) for size in (6, 7, 8)]
    clocks: list[float] = []
    ended: list[Clock] = []

    class Clock:
        """A timer that tells when it is wound up."""

        daemon = False

        def __init__(self, seconds: float, end: Callable[[], None]) -> None:
            clocks.append(seconds)

        def start(self) -> None:
            assert len(ended) == len(clocks) - 1  # one at a time
            assert self.daemon  # the program can end

        def cancel(self) -> None:
            ended.append(self)

    empty: dict[str, Any] = {"imports": [], "kernel": None, "sizes": [], "code": "pass"}
    monkeypatch.setattr(proof.Job, "told", lambda _, n: {"number": n, **empty})
    monkeypatch.setattr(registry, "adapters", lambda: {"fake": "fakes.misbehaving:Misbehaving"})
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setattr("threading.Timer", Clock)
    assert proof.run("fake", jobs) == [([], "")] * 3
    assert len(clocks) == len(ended) == 1 + len(jobs)
