from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from harness.operator import Operator
from harness.records import Observation, Surface, Verdict
from harness.report import payload as payloads
from harness.report.payload import payload

HERE = Surface("torch", "torch.nn.functional", "eager")
TYPES = {"u1": "u1", "u2": "<u2", "u4": "<u4", "f8": "<f8"}


def read(packed: bytes) -> tuple[dict[str, Any], dict[str, list[float]]]:
    data = zlib.decompress(base64.b64decode(packed), -15)
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[8 : 8 + length])
    columns = {}
    for name, (kind, at, size) in head["columns"].items():
        assert (8 + length + at) % 8 == 0
        columns[name] = np.frombuffer(data, TYPES[kind], size, 8 + length + at).tolist()
    return head, columns


def seen(case_id: str, matrix: list[list[float]], shape: tuple[int, ...]) -> Observation:
    operator = Operator.of(np.array(matrix))
    return Observation(
        case_id=case_id,
        surface=HERE,
        probe="forward",
        outcome="returned",
        shape=shape,
        digest=operator.digest,
        operator=operator.to_json(),
    )


def test_what_goes_in_comes_out(verdict: Callable[..., Verdict]) -> None:
    some = [
        verdict(case_id="a"),
        verdict(
            case_id="a",
            aspect="adjoint",
            status="rejected",
            observed="No: \x1b[31mred",
            diagnosis="refused",
            depends="only in mode eager",
        ),
        verdict(case_id="b", surface=Surface("jax", "jax.lax", "jit", release="jax==0.4.30"), known="an entry"),
    ]
    head, columns = read(payload(some, printed={("a", HERE, "adjoint"): " last words "}))
    assert head["verdicts"] == 3
    assert [head["case"][number] for number in columns["case"]] == ["a", "a", "b"]
    assert [head["surface"][number] for number in columns["surface"]] == [
        ["torch", "torch.nn.functional", "eager", "", ""],
        ["torch", "torch.nn.functional", "eager", "", ""],
        ["jax", "jax.lax", "jit", "", "jax==0.4.30"],
    ]
    assert [head["status"][number] for number in columns["status"]] == ["agrees", "rejected", "agrees"]
    assert [head["aspect"][number] for number in columns["aspect"]] == ["forward", "adjoint", "forward"]
    assert [number and head["text"][number - 1] for number in columns["observed"]] == [0, "No: red", 0]
    assert [head["text"][number] for number in columns["diagnosis"]] == ["", "refused", ""]
    assert [head["text"][number] for number in columns["depends"]] == ["", "only in mode eager", ""]
    assert [head["text"][number] for number in columns["printed"]] == ["", "last words", ""]
    assert [head["known"][number] for number in columns["known"]] == ["", "", "an entry"]
    claims = [[head["claim"][one] for one in head["claims"][number]] for number in columns["claims"]]
    assert claims[0][0] == ["R6", "Zero padding, non-unit strides"]


def test_an_operator_is_kept_once_however_many_show_it(verdict: Callable[..., Verdict]) -> None:
    shown = [[0.0, 2.0, 0.0], [np.nan, 0.0, -np.inf]]
    evidence = [seen("a", shown, (3, 1, 2)), seen("b", shown, (3, 1, 2)), seen("c", [[7.0]], (1, 1, 1, 1))]
    some = [verdict(case_id=name, status="wrong_operator") for name in "abcd"]
    _, columns = read(payload(some, evidence))
    assert columns["operator"] == [2, 2, 1, 0]
    assert columns["operatorRows"] == [1, 2]
    assert columns["operatorColumns"] == [1, 3]
    assert columns["operatorEntries"] == [1, 3]
    assert (columns["operatorRank"], columns["operatorSizes"]) == ([2, 1], [1, 1, 2])
    assert columns["operatorStep"] == [0, 1, 2, 2]
    values = [columns["operatorValues"][int(number)] for number in columns["operatorValue"]]
    assert values[:2] == [7, 2]
    assert np.isnan(values[2])
    assert values[3] == -np.inf


def test_of_too_much_evidence_the_smallest_is_kept(verdict: Callable[..., Verdict], monkeypatch: Any) -> None:
    monkeypatch.setattr(payloads, "ENTRIES", 4)
    evidence = [
        seen("a", [[1.0, 2.0, 3.0]], (3, 1, 1)),
        seen("b", [[1.0]], (1, 1, 1)),
        seen("c", [[4.0, 5.0]], (2, 1, 1)),
    ]
    _, columns = read(payload([verdict(case_id=name) for name in "abc"], evidence))
    assert columns["operator"] == [0, 1, 2]


def test_a_payload_is_markup_of_no_kind_and_the_same_for_the_same(
    verdict: Callable[..., Verdict], hostile: str
) -> None:
    some = [
        verdict(case_id=hostile, observed=hostile, surface=Surface(hostile, hostile, hostile), relationships=(hostile,))
    ]
    packed = payload(some)
    assert packed == payload(some)
    assert set(packed.decode()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    head, _ = read(packed)
    assert not any("\x1b" in text for text in head["text"])


def test_nothing_is_a_payload_too() -> None:
    head, columns = read(payload(()))
    assert head["verdicts"] == 0
    assert columns["case"] == []
