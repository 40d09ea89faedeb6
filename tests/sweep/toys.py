"""Work for sweeps that takes no kernel: importable, since other processes are handed it by name."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tr_analysis.sweep.specify import Sweep


@dataclass(frozen=True)
class Toy:
    """A target that calls a function of this module, in the place of a chapter."""

    name: str

    def version(self) -> str:
        return "v"

    def run(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
        return globals()[self.name](**arguments), {}


def sweep(function: str, xs: Any, **fixed: Any) -> Sweep:
    return Sweep(Toy(function), tuple(fixed | {"x": x} for x in xs))


def add(x: int, y: int = 1) -> dict[str, Any]:
    return {"total": x + y, "ratio": x / y, "x": -x, "nothing": None}


def deadly(x: int, marker: str, lives: int = 1) -> dict[str, Any]:
    if x == 7 and len(died := list(Path(marker).iterdir())) < lives:
        (Path(marker) / str(len(died))).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"value": x * x}


def held(x: int, gate: str) -> dict[str, Any]:
    while x > 1 and not Path(gate).exists():
        time.sleep(0.01)
    return {"value": x}


def quits(x: int) -> dict[str, Any]:
    raise SystemExit(3)
