"""What makes a specification the same one: its id and its seed, whatever the order and the machine."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any


def specification_id(name: str, version: str, arguments: Mapping[str, Any]) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 of what is run, its code's version, and its arguments.

    All are written as JSON, names sorted and nothing but ASCII, so that equal arguments in any order have one
    id. A whole number is the same whether it is an int or a float; true is not 1.

    Parameters
    ----------
    name, version
        What is run, and a hash of everything it stands on.
    arguments
        Text, numbers, true and false, and lists and tables of these.

    Raises
    ------
    ValueError
        If an argument is none of these; the message names it.
    """
    content = {"run": name, "version": version, "arguments": canonical(arguments, "the arguments")}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def canonical(value: Any, place: str) -> Any:
    """Return a value with whole floats as ints, which JSON writes in one way only.

    Parameters
    ----------
    value
        As in `specification_id`.
    place
        Where it stands, for the message.

    Raises
    ------
    ValueError
        As in `specification_id`.
    """
    if isinstance(value, Mapping):
        return {str(name): canonical(item, f"{place}.{name}") for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(item, place) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() else value
    if isinstance(value, bool | int | str):
        return value
    raise ValueError(
        f"{place}: {value} is no text, finite number, true or false; write a date or month as text in quotes"
    )


def derived_seed(seed: int, identity: str) -> int:
    """Return the seed of one specification, from 0 up to 2**63, from that of the sweep and its id alone."""
    digest = hashlib.sha256(f"{seed}:{identity}".encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big") >> 1
