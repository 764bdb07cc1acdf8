"""Memory that nobody wrote, made the same everywhere: the C library fills what it hands out, in every worker.

A kernel that leaves a part of its output unwritten returns what the memory held before: often zeros, as a layer's own
entries mostly are, so that it is right by chance, and another time not. Filled with numbers that no layer makes, it is
wrong each time, and in the same way. What a framework's own allocator hands out a second time is beyond its reach.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

FILLED_WITH = 0x5A  # each byte; as float32 1.5e+16, as float16 203, as int8 90: no number that an operator has
_SIZES = (40, 3000, 1 << 18)  # bytes: of the small and the large, and of those that get pages of their own
# glibc fills with the complement of the number, but not what its cache for small blocks hands out again.
_TUNABLES = f"glibc.malloc.perturb={FILLED_WITH ^ 0xFF}:glibc.malloc.tcache_count=0"


def variables(theirs: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that make glibc do so; of other libraries they are ignored.

    Parameters
    ----------
    theirs : mapping
        The variables that there are. What they say of glibc comes after ours and so counts.
    """
    told = theirs.get("GLIBC_TUNABLES")
    return {"GLIBC_TUNABLES": f"{_TUNABLES}:{told}" if told else _TUNABLES}


def holds() -> str:
    """What new memory holds in this process: '0x5a', the same each time, or 'anything'."""
    try:
        library = ctypes.CDLL(None)
        malloc, free = library.malloc, library.free
    except (OSError, AttributeError, TypeError):  # a platform on which it cannot be asked
        return "anything"
    malloc.restype, malloc.argtypes, free.argtypes = ctypes.c_void_p, (ctypes.c_size_t,), (ctypes.c_void_p,)
    for size in (*_SIZES, *_SIZES):  # the second time of what was freed
        place = malloc(size)
        found = ctypes.string_at(place, size) if place else b""
        free(place)
        if set(found) != {FILLED_WITH}:
            return "anything"
    return f"{FILLED_WITH:#x}"
