"""Change bytes so that they still pass a reader's first look: what is JSON stays JSON, sums and sizes stay right."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

Mutator = Callable[[bytes, Random], bytes]

_BLOCK = 512
_ODD: list[Any] = [None, True, False, 0, -1, 2**63, 2**64, 10**400, 0.5, float("nan"), float("inf"), "", "\ud800", "\0"]
_ODD += ["\n", "grade", [], {}, [[]], {"": None}, [""], [0, 1], {"tuple": []}, {"dict": [[0, 0]]}, {"array": "0"}]
_ODD += [{"seed": 1}, {"rng": "{}"}, {"given": ["", {"dict": []}]}, "[" * 200 + "]" * 200, "x" * 5_000]


def json_text(data: bytes, rng: Random) -> bytes:
    """Replace, remove, repeat, swap or wrap some of the values that a JSON text holds; other bytes become JSON."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = [rng.choice(_ODD)]
    for _ in range(rng.choice((1, 1, 2, 5))):
        value = _changed(value, rng)
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def reply(data: bytes, rng: Random) -> bytes:
    """Change the skeleton of a tree, or the header around it, and keep the header's size right."""
    size = int.from_bytes(data[:8], "little")
    header, body = data[8 : 8 + size], data[8 + size :]
    try:
        parts = json.loads(header)
        if rng.random() < 0.7:
            skeleton = json_text(parts["__metadata__"]["tree"].encode("utf-8", "surrogatepass"), rng)
            parts["__metadata__"]["tree"] = skeleton.decode("utf-8", "surrogatepass")
            header = json.dumps(parts).encode()
        else:
            header = json_text(header, rng)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        header = json.dumps({"__metadata__": {"tree": '[0, "", [], false]'}}).encode()
    return len(header).to_bytes(8, "little") + header + body


def tar(data: bytes, rng: Random) -> bytes:
    """Change a few bytes of a tar, and put its headers' sums right."""
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice(b"\0 \x80\xff/.LKxgS0125=9\n" + rng.randbytes(4))
    for start in range(0, len(changed) - _BLOCK + 1, _BLOCK):
        header = changed[start : start + _BLOCK]
        if header[257:262] == b"ustar":
            header[148:156] = b" " * 8
            changed[start + 148 : start + 156] = b"%06o\0 " % sum(header)
    return bytes(changed)


def _changed(value: Any, rng: Random) -> Any:
    """The value with one node of it changed, each as likely as another at its depth."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.15:
        return copy.deepcopy(rng.choice(_ODD)) if rng.random() < 0.8 else [value]
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rng.choice(keys)
    match rng.randrange(8):
        case 0:
            del value[key]
        case 1 if isinstance(value, list):
            value.insert(rng.randrange(len(value) + 1), copy.deepcopy(value[key]))
        case 2:
            other = rng.choice(keys)
            value[key], value[other] = value[other], value[key]
        case _:
            value[key] = _changed(value[key], rng)
    return value


MUTATORS: dict[str, Mutator] = {
    "notebook": json_text,
    "reply": reply,
    "generator": json_text,
    "tar": tar,
    "record": json_text,
}
