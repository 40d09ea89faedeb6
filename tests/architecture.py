"""The picture of docs/architecture.md, drawn from the imports: ``python -m tests.architecture`` renews it.

Each package is a box, in the layer that the contract in pyproject.toml gives it; an arrow leads from a package to
one that it imports.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "tr_analysis"
PICTURE = ROOT / "docs" / "architecture.svg"
_BASE = "the base"


def layers() -> list[list[str]]:
    """Return the packages by layer, from the top, as the contract has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (contract,) = (contract for contract in contracts if contract["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def imports() -> set[tuple[str, str]]:
    """Return every pair of packages of which the first imports the second."""
    names = {name for layer in layers() for name in layer}
    found = set()
    for name in names:
        files = [*PACKAGE.glob(f"{name}.py"), *(PACKAGE / name).rglob("*.py")]
        for imported in {word for file in files for word in _imported(file)}:
            if imported in names - {name}:
                found.add((name, imported))
    return found


def _imported(file: Path) -> Iterator[str]:
    """Yield the packages of the project that a file imports, also inside a function."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tr_analysis"):
            words = node.module.split(".")[1:]
            yield from words[:1] or [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("tr_analysis."))


def boxes() -> dict[str, tuple[str, set[str]]]:
    """Return by name of a box, from the top, what it is for and the boxes that it imports.

    The small modules at the root, from the layer below data and estimators on, are one box.
    """
    order = [name for layer in layers() for name in layer]
    base = [name for name in order if not (PACKAGE / name).is_dir()]
    found = {
        name: (
            ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text("utf-8"))) or "",
            set[str](),
        )
        for name in order
        if name not in base
    }
    found[_BASE] = (", ".join(base), set())
    for one, other in imports():
        if one not in base:
            found[one][1].add(_BASE if other in base else other)
    return {name: (_purpose(about), to) for name, (about, to) in found.items()}


def _purpose(docstring: str) -> str:
    """Return what a package's docstring says first: the first sentence, after the name that it may begin with."""
    sentence = docstring.partition("\n")[0].replace("`", "").partition(". ")[0].rstrip(".")
    name, _, rest = sentence.partition(": ")
    return rest if rest and len(name.split()) < 3 else sentence


def picture() -> str:
    """Return the picture as SVG: boxes down the stairs, a dot where the one above imports the one to the right."""
    found = boxes()
    names = list(found)
    row = {name: place for place, name in enumerate(names)}
    step, side, wide, high = 44, 62, 104, 28
    x = {name: 16 + side * place for name, place in row.items()}
    y = {name: 16 + step * place for name, place in row.items()}
    parts = []
    for layer in layers():
        inside = [name for name in layer if name in row]
        if len(inside) > 1:  # on one level: neither imports the other
            top, height = y[inside[0]] - 8, y[inside[-1]] - y[inside[0]] + high + 16
            parts.append(f'<rect x="4" y="{top}" width="1152" height="{height}" fill="#f3f5f7"/>')
    for name, (_, to) in found.items():
        if not to:
            continue
        trunk, lowest = x[name] + 20, max(y[other] for other in to) + high // 2
        parts.append(f'<path d="M{trunk} {y[name] + high}V{lowest}" stroke="#4a5663"/>')
    for name in names[1:]:
        above = [other for other in names if name in found[other][1]]
        if not above:
            continue
        middle, start = y[name] + high // 2, min(x[other] for other in above) + 20
        parts.append(f'<path d="M{start} {middle}H{x[name] - 2}" stroke="#4a5663" marker-end="url(#arrow)"/>')
        parts += [f'<circle cx="{x[other] + 20}" cy="{middle}" r="4" fill="#12333f"/>' for other in above]
    for name, (about, _) in found.items():
        box = f'x="{x[name]}" y="{y[name]}" width="{wide}" height="{high}" rx="3" fill="#12333f"'
        line, room = y[name] + 19, 1150 - x[name] - wide
        about = about if 6.2 * len(about) < room else about.partition(":")[0]
        parts.append(f"<rect {box}/>")
        parts.append(f'<text x="{x[name] + 10}" y="{line}" fill="#fff" font-weight="600">{name}</text>')
        parts.append(
            f'<text x="{x[name] + wide + 8}" y="{line}" fill="#4a5663" font-size="12">{about}</text>'
        )
    height = 16 + step * len(names)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1160 {height}" font-family="sans-serif" '
            'font-size="14">',
            "<title>The packages of tr_analysis and what they import</title>",
            '<defs><marker id="arrow" markerWidth="7" markerHeight="7" refX="6" refY="3.5" orient="auto">'
            '<path d="M0 0L7 3.5L0 7z" fill="#4a5663"/></marker></defs>',
            f'<rect width="1160" height="{height}" fill="#fff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
