"""What only tests use is below tests/: every module of the image builder serves one of its tasks."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = (
    "__main__",
    "venv",
    "build.child",
    "lab.inetd",
    "lab.namespace_agent",
    "lab.protocol_unix",
    "screens.box",
)
"""What is started, and what pyserial loads by its name; all else is imported."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in (ROOT / "firmware").rglob("*.py")}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_serves_a_task():
    due = [f"firmware.{name}" for name in PROGRAMS]
    reached: set[str] = set()
    while due:
        name = due.pop()
        if name in MODULES and name not in reached:
            reached.add(name)
            due += [*imported(MODULES[name]), name.rpartition(".")[0]]
    assert sorted(MODULES.keys() - reached) == []


def test_nothing_of_the_image_builder_imports_a_test():
    assert [
        name for name, path in MODULES.items() if any(m.split(".")[0] == "tests" for m in imported(path))
    ] == []
