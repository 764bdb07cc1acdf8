"""Translations counted: which layers, which way, which sample; and mistakes that proofs of such samples have found."""

from __future__ import annotations

from pathlib import Path

import pytest

from cases.case import parse
from cases.layer import Layer
from harness.__main__ import main
from harness.investigate import proof, translations
from harness.investigate.proof import Proof
from harness.investigate.translation import NoWayError, candidates, said_in
from harness.investigate.translation_page import page
from harness.investigate.translations import Pair, Told, entries, layers, pairs, sample

pytestmark = pytest.mark.slow

POOLED = Layer(op="avg_pool", k=(2,), s=(2,), d=(1,), padding="same")


def test_cases_that_differ_in_size_batch_and_type_alone_are_one_layer() -> None:
    ids = ["conv1d.i6.k3.s1.p1.d1", "conv1d.i7.k3.s1.p1.d1.batch2", "conv1d.i6.k3.s1.p1.d1.float64.channels_last"]
    assert len(layers(map(parse, ids))) == 1
    assert len(layers(map(parse, [*ids, "conv1d.i6.k3.s1.p0.d1"]))) == 2


def test_each_layer_goes_from_every_framework_that_says_it_to_every_other() -> None:
    wanted = layers(map(parse, ["conv1d.i6.k3.s2.p1.d1.c2to3", "conv1d.i6.k3.s1.same_lower.p1.d1"]))
    found = {(pair.source, pair.target): [one.how for one in pair.told] for pair in pairs(wanted)}
    assert len(found) == 25
    # p in numbers has no name in Keras and in one dimension none in TensorFlow; SAME_LOWER is JAX's and Flax's alone.
    assert found["torch", "jax"] == ["arguments"]
    assert found["torch", "keras"] == ["padding"]
    assert found["torch", "tensorflow"] == ["padding"]
    assert found["jax", "flax"] == ["arguments", "arguments"]
    assert found["jax", "torch"] == ["arguments", "arguments"]  # of an odd kernel it is p = 1
    assert found["keras", "torch"] == found["tensorflow", "jax"] == []


def test_why_there_is_no_way_is_about_the_layer_without_its_padding() -> None:
    read = said_in("torch", Layer(op="max_pool", k=(3,), s=(1,), d=(2,), p=((1, 1),)))
    assert read is not None
    with pytest.raises(NoWayError, match="nor the layer without its padding") as error:
        candidates(read, "keras")
    assert error.value.reason == "keras.layers.MaxPooling1D has no dilation"


def test_entries_are_those_of_all_sizes_that_a_proof_needs() -> None:
    # k = 2, s = 2: at i = 6 and 7, two maps on both sides; o = 3, and with SAME 4
    assert entries(POOLED) == 4 * (6 * 3 + 7 * 4)
    assert entries(Layer(op="conv", k=(1,), s=(1,), d=(1,))) == 6 * 3 * 3  # from two maps to three


def test_a_sample_is_spread_evenly_and_leaves_out_what_is_large_or_has_no_way() -> None:
    one = said_in("torch", Layer(op="conv", k=(1,), s=(1,), d=(1,)))
    large = said_in("torch", Layer(op="conv", k=(21, 21, 21), s=(2, 2, 2), d=(1, 1, 1)))
    assert one is not None
    assert large is not None
    told = (Told(one, "arguments", "0"), Told(large, "padding", ""), Told(one, "padding", "1"), Told(one, "slice", "2"))
    pair = Pair("torch", "jax", (*told, Told(one, "", "3"), Told(one, "slice", "4")))
    assert [found.reason for found in sample(pair, None)] == ["0", "1", "2", "4"]
    assert [found.reason for found in sample(pair, 2)] == ["0"]  # every third of five, the fourth having no way
    assert [found.reason for found in sample(pair, 3)] == ["0", "2", "4"]
    assert pair.count("padding", "slice") == 4


def test_what_is_padded_at_some_sizes_alone_is_said_as_padded() -> None:
    """Of k = 2, s = 2, SAME pads odd sizes alone; whether padding counts in the divisor decides what can say it."""
    assert said_in("keras-jax", POOLED) is None  # it counts padding
    read = said_in("flax", POOLED)
    assert read is not None
    ways = [one.target.how for one in candidates(read, "keras")]
    assert "arguments" not in ways


def test_one_axis_padded_as_the_size_asks_is_python_in_torch() -> None:
    read = said_in("keras-jax", Layer(op="conv", k=(2,), s=(2,), d=(1,), padding="same"))
    assert read is not None
    text = candidates(read, "torch")[0].target.text
    assert "torch.nn.functional.pad(x, (*pads[0],))" in text
    compile(text, "translation", "exec")


def test_an_output_padding_that_keras_refuses_is_sliced() -> None:
    read = said_in("torch", Layer(op="conv_transpose", k=(2,), s=(1,), d=(3,), p=((0, 0),), a=(2,)))
    assert read is not None
    (only,) = candidates(read, "keras")
    assert only.target.how == "slice"
    assert "output_padding=(2,)" not in only.target.text


@pytest.mark.parametrize("to", ["tensorflow", "keras"])
def test_a_maximum_over_padding_alone_is_not_translated_to_where_it_is_another_number(to: str) -> None:
    read = said_in("flax", Layer(op="max_pool", k=(2,), s=(1,), d=(1,), p=((0, 2),)))
    assert read is not None
    with pytest.raises(NoWayError, match="a maximum over padding alone is the least finite number there"):
        candidates(read, to)
    assert candidates(read, "torch")[0].target.how == "padding"
    read = said_in("flax", Layer(op="max_pool", k=(3,), s=(1,), d=(1,), p=((0, 2),)))  # every window sees some input
    assert read is not None
    assert candidates(read, to)[0].target.how in ("arguments", "padding")


def test_code_that_is_no_python_fails_and_is_not_taken_for_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    read = said_in("torch", Layer(op="conv", k=(3,), s=(1,), d=(1,)))
    assert read is not None
    ran: list[proof.Ran] = [([], ""), ([], "SyntaxError: cannot use starred expression here")]
    monkeypatch.setattr(proof, "_installed", lambda _: True)
    monkeypatch.setattr(proof, "run", lambda _, jobs, watcher: [ran.pop(0) for _ in jobs])
    _, came = proof.proved(read, "jax", None)
    assert came.failed
    assert came.why == "SyntaxError: cannot use starred expression here"


def test_each_source_is_run_once_for_all_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    read = said_in("torch", Layer(op="conv", k=(3,), s=(1,), d=(1,)))
    assert read is not None
    runs: list[tuple[str, int]] = []

    def run(framework: str, jobs: list[proof.Job], watcher: object) -> list[proof.Ran]:
        runs.append((framework, len(jobs)))
        return [([], "")] * len(jobs)

    monkeypatch.setattr(proof, "_installed", lambda _: True)
    monkeypatch.setattr(proof, "run", run)
    monkeypatch.setattr(proof, "different", lambda *_: "")
    found = proof.proved_all([(read, to) for to in ("jax", "flax", "tensorflow")])
    assert [came.status for _, came in found] == ["proved"] * 3
    assert runs == [("torch", 1), ("jax", 1), ("flax", 1), ("tensorflow", 1)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prove", "some"], "--prove some: a number of layers is needed, or 'all'"),
        (["--prove", "0"], "--prove 0: leave it out"),
        (["--grid", "nonsense"], "nonsense"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translations", *arguments]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert said in told
    assert "Traceback" not in told


def test_a_proof_that_fails_is_told_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.toml").write_text(
        'summary = "one"\nrank = [1]\nops = ["conv"]\n[axis]\ni = [5]\nk = [3]\ns = [1]\np = [0]\n'
    )

    def failing(asked: list[tuple[object, str]], watcher: object) -> list[tuple[object, Proof]]:
        return [(candidates(read, to)[0], Proof("different", (), "3 of 9 entries differ")) for read, to in asked]  # type: ignore[arg-type]

    monkeypatch.setattr(translations, "proved_all", failing)
    out = tmp_path / "page.md"
    assert main(["translations", "--grid", str(tmp_path / "one.toml"), "--prove", "all", "-o", str(out)]) == 1
    assert "3 of 9 entries differ" in capsys.readouterr().err
    assert "**25 translations were tried, 25 failed.**" in out.read_text()
    assert page("x", 1, []).count("|") > 5
