from __future__ import annotations

import re

import pytest

from harness.report import modules


def test_the_page_is_one_script_in_which_every_import_comes_first() -> None:
    text = modules.script("main")
    assert not re.search(r"^\s*(import|export)\b", text, re.MULTILINE)
    assert text.index("function convolution(") < text.index("function structure(") < text.index("async function start(")
    assert text.count("async function start(") == 1


def test_it_can_stand_in_a_page() -> None:
    assert not re.search(
        r"</|<!--|\]\]>", modules.script("main") + "".join(map(modules.source, ("base.css", "page.css", "diff.css")))
    )


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"a": 'import { f } from "./b.js";\nconst g = 1;\n', "b": "export const f = 1;\nconst g = 2;\n"},
            "in common: g",
        ),
        ({"a": 'import f from "./b.js";\n', "b": ""}, "a.js: 'import f from \"./b.js\";' cannot be put together"),
        ({"a": "export default 1;\n"}, "a.js: 'export default 1;' cannot be put together"),
    ],
)
def test_what_cannot_be_put_together_is_refused(
    files: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "source", lambda name: files[name.removesuffix(".js")])
    with pytest.raises(ValueError, match=re.escape(sentence)):
        modules.script.__wrapped__("a")
