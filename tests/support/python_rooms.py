"""The Python package as rooms and floors: which room imports from which, and how large functions are."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = "audiencekit"


def room_of(module: str) -> str:
    """The folder or the module at the top of the package: `audiencekit.run.job` is in `run`."""
    return module.split(".")[1]


def arrows_of(package: Path) -> set[tuple[str, str]]:
    """(importing room, imported room), wherever in a module the import is written."""
    arrows = set()
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).with_suffix("").parts
        room = inside[0]
        if room == "__init__":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            for target in imported(node):
                names = [target] if target != PACKAGE else []
                if target == PACKAGE and isinstance(node, ast.ImportFrom):
                    names = [f"{PACKAGE}.{alias.name}" for alias in node.names]
                rooms = {room_of(name) for name in names} - {room, "__version__"}
                arrows |= {(room, other) for other in rooms}
    return arrows


def imported(node: ast.AST) -> Iterator[str]:
    """Modules of the package that a statement imports."""
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        modules = [node.module or ""]
    elif isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    else:
        modules = []
    yield from (m for m in modules if m == PACKAGE or m.startswith(f"{PACKAGE}."))


def floors_of(arrows: set[tuple[str, str]]) -> list[set[str]]:
    """Rooms by floor, the ground floor first: a room imports from lower floors alone. Raises CycleError."""
    below: dict[str, set[str]] = {}
    for room, other in arrows:
        below.setdefault(room, set()).add(other)
        below.setdefault(other, set())
    sorter = TopologicalSorter(below)
    sorter.prepare()
    floors = []
    while sorter.is_active():
        floor = set(sorter.get_ready())
        floors.append(floor)
        sorter.done(*floor)
    return floors


def functions_of(source: str) -> Iterator[tuple[str, int, int]]:
    """(name, lines, parameters) of every function; a method's self or cls is no parameter."""
    tree = ast.parse(source)
    methods = {
        id(f)
        for c in ast.walk(tree)
        if isinstance(c, ast.ClassDef)
        for f in c.body
        if isinstance(f, ast.FunctionDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
            if id(node) in methods and names and names[0] in ("self", "cls"):
                names = names[1:]
            count = len(names) + len(node.args.kwonlyargs)
            yield node.name, node.end_lineno - node.lineno + 1, count
