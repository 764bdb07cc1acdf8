"""What all tests are run with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def onednn() -> Iterator[None]:
    """TensorFlow uses oneDNN by itself on some processors only, and deviates with it as without it does not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
        yield
