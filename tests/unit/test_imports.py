"""The import rules: who may import whom, and that `invoke` is the library from every way in."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOX = ROOT / "firmware/screens/box.py"
PURE = (
    "alarms",
    "commands",
    "problems",
    "text",
    "vrrp",
    "cluster",
    "config",
    "conntrack",
    "hotwire",
    "firewall",
    "follow",
    "programs",
    "keepalived",
    "radv",
    "install",
    "sync",
    "upgrade",
    "menu",
    "status",
    "control",
)
EFFECTS = {
    "asyncio",
    "os",
    "pathlib",
    "socket",
    "subprocess",
    "threading",
    "time",
    "random",
    "select",
    "signal",
}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The dotted names that a file imports, relative ones made absolute."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join((*base, *([node.module] if node.module else [])))
            names |= {stem} if node.module and not node.level else set()
            names |= {f"{stem}.{alias.name}" for alias in node.names}
    return names


def top(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("package,other", [("firmware", "hadaemon"), ("hadaemon", "firmware")])
def test_the_two_packages_never_import_each_other(package: str, other: str):
    files = [path for path in modules(package) if path != BOX]
    assert files
    assert [str(path) for path in files if other in top(imported(path))] == []


def test_the_box_of_the_manual_s_screens_is_a_process_of_its_own():
    """It alone has both packages: it loads nothing of the builder, and no module of the builder loads it."""
    assert "firmware" not in top(imported(BOX))
    assert [str(path) for path in modules("firmware") if "firmware.screens.box" in imported(path)] == []


def test_the_pure_parts_import_the_standard_library_and_each_other_only():
    files = [path for part in PURE for path in modules(f"hadaemon/{part}")]
    assert files
    allowed = sys.stdlib_module_names - EFFECTS
    pure_parts = tuple(f"hadaemon.{part}" for part in (*PURE, "errors"))
    for path in files:
        for name in imported(path):
            if name.startswith("hadaemon"):
                assert name.startswith(pure_parts), f"{path}: {name}"
            else:
                assert name.split(".")[0] in allowed, f"{path}: {name}"


@pytest.mark.parametrize("one,other", [("daemon", "operations"), ("operations", "daemon")])
def test_the_daemon_and_the_operations_never_meet(one: str, other: str):
    assert modules(f"hadaemon/{one}")
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(f"hadaemon/{one}")
        for name in imported(path)
        if name.startswith(f"hadaemon.{other}")
    ] == []


ORDER = (
    ("errors",),
    ("commands", "install", "problems", "text", "vrrp"),
    ("sync",),
    ("upgrade",),
    ("status",),
    ("alarms",),
    ("config",),
    ("cluster", "radv"),
    ("hotwire",),
    ("conntrack", "control", "follow", "keepalived", "menu", "programs"),
    ("firewall",),
    ("io",),
    ("language", "messenger", "pairing", "state"),
    ("daemon", "operations", "setup"),
    ("console", "helper"),
    ("cli",),
)
"""CONTRIBUTING draws it: a package imports those of the lines above it, and never one of its own line."""


def test_the_map_for_developers_has_the_same_order():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = page[page.index("### The rooms of hadaemon") :].partition("\n\n`hactl`")[0]
    lines: list[set[str]] = []
    for number, names in re.findall(r"^\| ?(\d*) \| (`.*?`) \|", rooms, re.MULTILINE):
        lines += [set()] if number else []
        lines[-1] |= set(re.findall(r"`([a-z]+)/`", names))
    assert lines == [set(packages) for packages in reversed(ORDER[1:])]


def test_the_packages_have_one_order_without_a_circle():
    line = {package: number for number, packages in enumerate(ORDER) for package in packages}
    folders = {path.name for path in (ROOT / "hadaemon").iterdir() if (path / "__init__.py").exists()}
    assert folders | {"errors"} == set(line)
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for package in folders
        for path in modules(f"hadaemon/{package}")
        for other in {name.split(".")[1] for name in imported(path) if name.startswith("hadaemon.")}
        if other in line and other != package and line[other] >= line[package]
    ]
    assert wrong == []


def test_the_operations_print_nothing_and_ask_nobody():
    files = modules("hadaemon/operations")
    assert files
    for path in files:
        assert not top(imported(path)) & {"argparse", "getpass"}, path
        names = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.expr)]
        used = {ast.unparse(node) for node in names if isinstance(node, ast.Name | ast.Attribute)}
        assert not used & {"print", "input", "sys.stdin", "sys.stdout", "sys.stderr"}, path


def test_the_daemon_loads_neither_scapy_nor_cryptography_nor_tls():
    code = (
        "import sys, hadaemon.daemon.main;"
        "unwanted = ('scapy', 'cryptography', 'spake2', 'ssl', 'firmware', 'invoke');"
        "print([m for m in unwanted if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_daemon_loads_two_codecs_of_pyroute2_and_not_the_rest_of_it():
    """The rest is 10 MB of memory, locked; nothing may import it when a message is decoded either."""
    code = (
        "import sys, hadaemon.daemon.main;"
        "from hadaemon.io.kernel.netlink import Netlink; Netlink().list_all();"
        "print([m for m in ('pyroute2', 'pyroute2.ndb', 'pyroute2.iproute') if m in sys.modules]);"
        "import pyroute2; print(pyroute2.IPRoute.__name__)"
    )
    out = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines() == ["[]", "IPRoute"]


HEAVY = ("asyncio", "pyroute2", "pyudev", "scapy", "cryptography", "spake2", "hadaemon.cluster")


@pytest.mark.parametrize(
    "module,more",
    [("hadaemon.cli.main", ("hadaemon.config", "hadaemon.vrrp")), ("hadaemon.helper.keeper", ())],
)
def test_what_a_person_waits_for_loads_little(module: str, more: tuple[str, ...]):
    """A command of hactl, and the keeper that the other node's command waits for."""
    code = f"import sys, {module}; print([m for m in {(*HEAVY, *more)} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_host_and_venv_modules_need_no_installed_package():
    for name in ("host", "venv", "errors", "paths", "__init__"):
        names = top(imported(ROOT / "firmware" / f"{name}.py")) - {"firmware"}
        assert names <= sys.stdlib_module_names


WHERE = "import invoke; print(invoke.__file__); invoke.task"


@pytest.mark.parametrize(
    "way",
    [
        pytest.param([sys.executable, "-P", "-c", WHERE], id="the launcher's python -P"),
        pytest.param([sys.executable, "-c", WHERE], id="python in the checkout"),
        pytest.param([sys.executable, "-m", "invoke", "--list"], id="python -m invoke"),
        pytest.param([str(Path(sys.executable).parent / "inv"), "--list"], id="inv"),
        pytest.param([sys.executable, str(ROOT / "invoke.py"), "--list"], id="invoke.py"),
    ],
)
def test_invoke_is_the_library_from_every_way_in(way: list[str]):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(way, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if way[-1] == "--list":
        assert " image " in done.stdout
    else:
        assert "site-packages" in done.stdout


def test_invoke_is_the_library_in_pytest():
    import invoke

    assert "site-packages" in str(invoke.__file__)
    assert str(ROOT) not in [str(Path(entry or ".").resolve()) for entry in sys.path]
