"""Grid files: what they say, and errors that name the file, the key and the value in one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cases import grid
from cases.grid import GridError, Part

SUMMARY = 'summary = "of a test"\n'
AXIS = "[axis]\ni = [5]\nk = [3]\n"


def part(text: str) -> Part:
    """The only part of a grid."""
    (only,) = grid.read(SUMMARY + text, "my.toml").parts
    return only


def told(text: str) -> str:
    """The message about a grid that cannot be read."""
    with pytest.raises(GridError) as error:
        grid.read(text, "my.toml")
    return str(error.value)


# What a grid says


@pytest.mark.parametrize("name", grid.shipped())
def test_a_shipped_grid_can_be_read(name: str) -> None:
    found = grid.load(name)
    assert found.parts
    assert found.summary
    assert "\n" not in found.summary


def test_the_grids_that_are_shipped() -> None:
    assert {"smoke", "pull-request", "nightly", "exhaustive"} <= set(grid.shipped())
    assert list(grid.shipped()) == sorted(grid.shipped())


def test_what_is_left_out_is_ordinary() -> None:
    only = part(AXIS)
    assert (only.cover, only.rank, only.square, only.claims) == ("full", (2,), False, ())
    assert only.ops == ("conv", "conv_transpose", "avg_pool", "max_pool")
    assert {letter: only.numbers(letter) for letter in "iksda"} == {
        "i": (5,),
        "k": (3,),
        "s": (1,),
        "d": (1,),
        "a": (0,),
    }
    assert only.ends == ((0, 0),)
    assert (only.layer.padding, only.layer.channels, only.layer.dtype) == (("explicit",), ("1:1",), ("float32",))
    assert (only.layer.batch, only.layer.divisor, only.layer.ceil_mode) == ((-1,), (0,), (False,))


def test_numbers_are_listed_or_a_range_that_holds_both_ends() -> None:
    only = part('[axis]\ni = "0..3"\nk = [4, 1]\ns = "2..2"\nd = "1..2"\na = [0, 5]\n')
    assert only.numbers("i") == (0, 1, 2, 3)
    assert only.numbers("k") == (4, 1)
    assert only.numbers("s") == (2,)
    assert only.numbers("d") == (1, 2)
    assert only.numbers("a") == (0, 5)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("[0, 2]", ((0, 0), (2, 2))),
        ('"0..2"', ((0, 0), (1, 1), (2, 2))),
        ('[1, "1_0", "0_12"]', ((1, 1), (1, 0), (0, 12))),
    ],
)
def test_padding_is_a_number_for_both_ends_or_one_for_each(text: str, ends: tuple[tuple[int, int], ...]) -> None:
    assert part(f"{AXIS}p = {text}\n").ends == ends


def test_a_grid_of_one_part_has_its_keys_at_the_top_or_in_the_part() -> None:
    at_the_top = f'{SUMMARY}figures = true\nrank = [1]\nsquare = true\n{AXIS}[layer]\npadding = ["same"]\n'
    in_the_part = (
        f"{SUMMARY}figures = true\n[[part]]\nrank = [1]\nsquare = true\n"
        '[part.axis]\ni = [5]\nk = [3]\n[part.layer]\npadding = ["same"]\n'
    )
    assert grid.read(at_the_top, "my.toml") == grid.read(in_the_part, "my.toml")


def test_a_grid_of_several_parts_has_them_in_the_order_of_the_file() -> None:
    found = grid.read(
        f'{SUMMARY}networks = ["dcgan", "lenet5"]\n'
        '[[part]]\ncover = "pairwise"\n[part.axis]\ni = [5]\nk = [3]\n'
        '[[part]]\nclaims = ["X2", "R1"]\n[part.axis]\ni = [4]\nk = [2]\n',
        "my.toml",
    )
    assert (found.summary, found.figures, found.networks) == ("of a test", False, ("dcgan", "lenet5"))
    assert [one.cover for one in found.parts] == ["pairwise", "full"]
    assert [one.numbers("i") for one in found.parts] == [(5,), (4,)]
    assert [one.claims for one in found.parts] == [(), ("X2", "R1")]


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "häuser.toml"
    path.write_text(f"# grün\n{SUMMARY}{AXIS}", "utf-8")
    assert grid.load(str(path)) == grid.read(SUMMARY + AXIS, "")


def test_an_error_in_a_file_names_its_path(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f"{SUMMARY}{AXIS}s = [0]\n", "utf-8")
    with pytest.raises(GridError) as error:
        grid.load(str(path))
    assert str(error.value) == f"{path}: axis.s = 0: s is at least 1"


# Files that cannot be read


def test_a_grid_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.toml")
    for name, why in (("smok", "No such file"), (missing, "No such file"), (str(tmp_path), "Is a directory")):
        with pytest.raises(GridError) as error:
            grid.load(name)
        message = str(error.value)
        assert message.startswith(f"no grid '{name}'")
        assert why in message
        assert all(shipped in message for shipped in grid.shipped())
        assert "\n" not in message


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"summary = '\x80'"])
def test_a_file_that_is_no_text_is_told_by_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(content)
    with pytest.raises(GridError) as error:
        grid.load(str(path))
    assert str(error.value) == f"{path}: not a text file in UTF-8"


def test_a_path_that_no_file_can_have_is_told_like_one_that_is_not_there() -> None:
    with pytest.raises(GridError, match=re.escape("no grid 'a\0b'")):
        grid.load("a\0b")


@pytest.mark.parametrize("text", ["i = [", "summary = 1 2", "\0\0", SUMMARY + SUMMARY, "= 3", "[axis\n"])
def test_a_text_that_is_not_toml_is_told_with_the_place(text: str) -> None:
    message = told(text)
    assert message.startswith("my.toml: not TOML: ")
    assert "(at " in message
    assert "\n" not in message


# Keys and values that cannot be


def refused(text: str) -> str:
    """The message, which is one sentence about the file, without a trace of the machinery."""
    message = told(text)
    assert message.startswith("my.toml: "), message
    assert "\n" not in message
    assert "$" not in message
    return message.removeprefix("my.toml: ")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f'colour = "red"\n{AXIS}', "colour"),
        (f"{AXIS}q = [1]\n", "axis"),
        (f"{AXIS}q = [1]\n", "q"),
        (f'{AXIS}[layer]\ncolour = "red"\n', "layer"),
        (f'{AXIS}[layer]\ncolour = "red"\n', "colour"),
        ("", "axis"),
        ("[axis]\ni = [5]\n", "k"),
        ("[axis]\nk = [5]\n", "i"),
        (f"parts = []\n{AXIS}", "parts"),
        ("[[part]]\nrank = [1]\nsummary = 'twice'\n[part.axis]\ni = [5]\nk = [3]\n", "summary"),
        ("[[part]]\nfigures = true\n[part.axis]\ni = [5]\nk = [3]\n", "figures"),
    ],
)
def test_a_key_that_is_not_known_or_missing_is_named(text: str, key: str) -> None:
    assert key in refused(SUMMARY + text)


def test_a_grid_without_a_summary_is_told_so() -> None:
    assert "summary" in refused(AXIS)
    assert "summary" in refused("[[part]]\n[part.axis]\ni = [5]\nk = [3]\n")


OUT_OF_RANGE = [
    ("[axis]\ni = [5, -1]\nk = [3]\n", "axis.i", "-1"),
    ('[axis]\ni = "-3..5"\nk = [3]\n', "axis.i", "-3"),
    ("[axis]\ni = [5]\nk = [0]\n", "axis.k", "0"),
    ('[axis]\ni = [5]\nk = "0..3"\n', "axis.k", "0"),
    (f"{AXIS}s = [0]\n", "axis.s", "0"),
    (f"{AXIS}d = [1, 0]\n", "axis.d", "0"),
    (f"{AXIS}a = [-2]\n", "axis.a", "-2"),
    (f"{AXIS}p = [-7]\n", "axis.p", "-7"),
    (f'{AXIS}p = "-7..2"\n', "axis.p", "-7"),
]

MALFORMED = [
    ('[axis]\ni = "7..1"\nk = [3]\n', "axis.i", "7..1"),
    ('[axis]\ni = "1-7"\nk = [3]\n', "axis.i", "1-7"),
    ('[axis]\ni = "1..x"\nk = [3]\n', "axis.i", "1..x"),
    ('[axis]\ni = "5"\nk = [3]\n', "axis.i", "5"),
    ('[axis]\ni = ""\nk = [3]\n', "axis.i", "''"),
    ('[axis]\ni = [5]\nk = "1..2..3"\n', "axis.k", "1..2..3"),
    (f'{AXIS}p = ["x"]\n', "axis.p", "'x'"),
    (f'{AXIS}p = [1, "1_"]\n', "axis.p", "1_"),
    (f'{AXIS}p = ["1_2_3"]\n', "axis.p", "1_2_3"),
    (f'{AXIS}p = ["-1_0"]\n', "axis.p", "-1_0"),
    (f'{AXIS}p = ["0..2"]\n', "axis.p", "0..2"),
    (f'{AXIS}p = "1_0"\n', "axis.p", "1_0"),
]

UNKNOWN = [
    (f'claims = ["R1", "R16"]\n{AXIS}', "claims", "R16"),
    (f'claims = ["x1"]\n{AXIS}', "claims", "x1"),
    (f'networks = ["lenet5", "vgg"]\n{AXIS}', "networks", "vgg"),
    (f'cover = "all"\n{AXIS}', "cover", "all"),
    (f'ops = ["conv", "convolution"]\n{AXIS}', "ops", "convolution"),
    (f'{AXIS}[layer]\ndtype = ["float8"]\n', "layer.dtype", "float8"),
    (f'{AXIS}[layer]\npadding = ["full"]\n', "layer.padding", "full"),
    (f'{AXIS}[layer]\nlayout = ["NHWC"]\n', "layer.layout", "NHWC"),
]

WRONG_TYPE = [
    ("[axis]\ni = 17\nk = [3]\n", "axis.i", "17"),
    ('[axis]\ni = [5, "six"]\nk = [3]\n', "axis.i", "six"),
    ('[axis]\ni = ["17"]\nk = [3]\n', "axis.i", "17"),
    ("[axis]\ni = [5.25]\nk = [3]\n", "axis.i", "5.25"),
    ("[axis]\ni = [true]\nk = [3]\n", "axis.i", "true"),
    ("[axis]\ni = [2021-12-31]\nk = [3]\n", "axis.i", "2021"),
    (f"{AXIS}p = [0.75]\n", "axis.p", "0.75"),
    ("axis = 17\n", "axis", "17"),
    (f'rank = "two"\n{AXIS}', "rank", "two"),
    (f'square = "yes"\n{AXIS}', "square", "yes"),
    (f'square = "true"\n{AXIS}', "square", "true"),
    (f"claims = [17]\n{AXIS}", "claims", "17"),
    (f"figures = 17\n{AXIS}", "figures", "17"),
    (f"figures = 1\n{AXIS}", "figures", "1"),
    (f'networks = "lenet5"\n{AXIS}', "networks", "lenet5"),
    (f'{AXIS}[layer]\npadding = "same"\n', "layer.padding", "same"),
    (f'{AXIS}[layer]\nbias = ["yes"]\n', "layer.bias", "yes"),
    (f"{AXIS}[layer]\nchannels = [17]\n", "layer.channels", "17"),
]

OUT_OF_BOUNDS = [
    (f"rank = [4]\n{AXIS}", "rank", "4"),
    (f"rank = [1, 0]\n{AXIS}", "rank", "0"),
    (f"{AXIS}[layer]\ngroups = [0]\n", "layer.groups", "0"),
    (f"{AXIS}[layer]\nbatch = [-2]\n", "layer.batch", "-2"),
    (f"{AXIS}[layer]\ndivisor = [-3]\n", "layer.divisor", "-3"),
    (f'{AXIS}[layer]\nchannels = ["1-2"]\n', "layer.channels", "1-2"),
    (f'{AXIS}[layer]\nchannels = ["3"]\n', "layer.channels", "3"),
    ("[axis]\ni = []\nk = [3]\n", "axis.i", "[]"),
    (f"{AXIS}p = []\n", "axis.p", "[]"),
    (f"ops = []\n{AXIS}", "ops", "[]"),
    (f"surfaces = []\n{AXIS}", "surfaces", "[]"),
    (f"{AXIS}[layer]\ndtype = []\n", "layer.dtype", "[]"),
    ("part = []\n", "part", "[]"),
]


def each(*rows: tuple[str, str, str]) -> pytest.MarkDecorator:
    """A test for each text and the key and value that its message must name; called after what is odd in the text."""
    odd = [" ".join(text.replace(AXIS, "").split()) for text, _, _ in rows]
    return pytest.mark.parametrize(("text", "key", "value"), rows, ids=odd)


@each(*OUT_OF_RANGE, *MALFORMED, *UNKNOWN)
def test_a_value_that_cannot_be_is_named_with_its_key(text: str, key: str, value: str) -> None:
    message = refused(SUMMARY + text)
    assert message.startswith(key)
    assert value in message.removeprefix(key)


@each(*WRONG_TYPE, *OUT_OF_BOUNDS)
def test_a_value_of_the_wrong_kind_is_told_with_its_key(text: str, key: str, value: str) -> None:
    assert refused(SUMMARY + text).startswith(key)


@each(*WRONG_TYPE, *OUT_OF_BOUNDS)
def test_a_value_of_the_wrong_kind_is_itself_named(text: str, key: str, value: str) -> None:
    after_the_key = re.sub(r"^\[\d+\]", "", refused(SUMMARY + text).removeprefix(key))
    assert value in after_the_key.replace("True", "true")


@pytest.mark.parametrize(
    ("text", "ones_that_would_do"),
    [
        (f'claims = ["R16"]\n{AXIS}', ["R1", "R15", "X1", "X19"]),
        (f'networks = ["vgg"]\n{AXIS}', ["lenet5", "dcgan", "dcgan_same"]),
        (f"{AXIS}s = [0]\n", ["at least 1"]),
        ('[axis]\ni = "7..1"\nk = [3]\n', ["'1..7'", "[1, 2, 5]"]),
        (f'{AXIS}p = ["x"]\n', ["'1_0'"]),
        (f'cover = "all"\n{AXIS}', ["full", "rotate", "pairwise", "three-way"]),
        (f'ops = ["convolution"]\n{AXIS}', ["conv", "conv_transpose", "avg_pool", "max_pool"]),
        (f'{AXIS}[layer]\ndtype = ["float8"]\n', ["float16", "bfloat16", "int8"]),
        (f'surfaces = ["eager"]\n{AXIS}', ["plain", "declared", "compiled", "switched"]),
        (f'{AXIS}[layer]\npadding = ["full"]\n', ["explicit", "valid", "same", "same_lower", "causal"]),
    ],
)
def test_an_error_says_what_would_do(text: str, ones_that_would_do: list[str]) -> None:
    message = refused(SUMMARY + text)
    assert [one for one in ones_that_would_do if one not in message] == []


# Parts


ONE_PART = "[[part]]\n[part.axis]\ni = [5]\nk = [3]\n"


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("[[part]]\n[part.axis]\ni = [5]\nk = [0]\n", "axis.k", "0"),
        ('[[part]]\n[part.axis]\ni = "5..1"\nk = [3]\n', "axis.i", "5..1"),
        ('[[part]]\n[part.axis]\ni = [5]\nk = [3]\np = ["x"]\n', "axis.p", "x"),
        ("[[part]]\n[part.axis]\ni = [5]\nk = [3]\np = [-1]\n", "axis.p", "-1"),
        ('[[part]]\nclaims = ["Q1"]\n[part.axis]\ni = [5]\nk = [3]\n', "claims", "Q1"),
        ('[[part]]\ncover = "all"\n[part.axis]\ni = [5]\nk = [3]\n', "cover", "all"),
        ("[[part]]\nrank = [1]\n", "", "axis"),
    ],
)
def test_an_error_names_the_part_where_there_are_several(text: str, key: str, value: str) -> None:
    message = refused(SUMMARY + ONE_PART + text)
    assert message.startswith(f"part 2: {key}")
    assert value in message
    assert not refused(SUMMARY + text).startswith("part")


@pytest.mark.parametrize("text", ["[part]\n[part.axis]\ni = [5]\nk = [3]\n", "part = 3\n", 'part = "one"\n'])
def test_one_part_in_single_brackets_is_told_how_to_be_written(text: str) -> None:
    assert refused(SUMMARY + text) == "part: write [[part]] for each part, not [part]"


def test_a_part_is_a_table() -> None:
    assert refused(SUMMARY + "part = [1, 2]\n").startswith("part 1: Expected")


@pytest.mark.parametrize(
    ("text", "key"),
    [("rank = [1]\n", "rank"), ('cover = "full"\n', "cover"), ('colour = "red"\n', "colour"), (AXIS, "axis")],
)
def test_what_belongs_to_a_part_is_told_so_where_it_stands_outside(text: str, key: str) -> None:
    message = refused(SUMMARY + text + ONE_PART)
    assert message.startswith(f"{key}: ")
    assert "[[part]]" in message
