"""What the code says to a person, for the catalogs of `hactl`.

Its own texts are the arguments of `_`, `marked` and `counted`, and what `--help` shows. Sentences are what
reaches it finished, from the daemon and the operations: texts and f-strings with words in them, whose
expressions become {fields}.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from firmware.manual import help_texts
from firmware.paths import ROOT

TEXTS = (ROOT / "hadaemon/cli", ROOT / "hadaemon/language")
SOURCES = (
    *("alarms/upkeep.py", "cluster", "status/pair.py", "status/states.py", "sync/head.py", "sync/plan.py"),
    *("daemon/administration.py", "daemon/answers.py", "daemon/report.py", "daemon/today.py"),
    *("daemon/health/alarms.py", "daemon/hotwire/status.py", "daemon/hotwire/protector.py"),
    *("daemon/ports/arp_watch.py", "daemon/guard.py"),
    *("upgrade/agreement.py", "daemon/services/firewall.py", "daemon/services/base_network.py"),
    *("daemon/services/conntrack.py", "daemon/services/following.py", "daemon/health/kernel_settings.py"),
    *("daemon/services/routing.py", "io/kernel/own_routes.py"),
    *("operations/activation.py", "operations/apply.py", "operations/asking.py", "operations/check.py"),
    *("operations/dry_run.py", "operations/edit.py", "operations/generations.py", "operations/own_node.py"),
    *("operations/own_configuration.py", "operations/peer.py", "operations/sync_pair.py"),
    *("operations/synchronize.py", "operations/ways.py", "io/sockets/control_client.py"),
    *("io/store/identity.py", "io/store/pair_lock.py", "io/programs/channel.py"),
    *("daemon/health/recorder.py", "daemon/reloads.py", "daemon/upgrade", "upgrade/begin.py"),
    *("upgrade/rolling.py", "upgrade/telling.py", "upgrade/trial.py"),
    *(
        "operations/examples.py",
        "operations/connections.py",
        "operations/effective.py",
        "operations/moving.py",
    ),
    *("operations/firmware.py", "operations/firmware_status.py", "operations/firmware_sync.py"),
    *("operations/update.py", "operations/upgrade_pair.py", "operations/backup.py", "operations/keys.py"),
    *("operations/check_folder.py", "operations/detection.py", "operations/install.py"),
    *("operations/names.py", "operations/pair.py", "operations/show.py", "operations/support.py"),
    *("config", "alarms/template.py", "firewall/advice.py", "firewall/snippets.py", "hotwire/detection.py"),
    *("state/both_nodes.py", "state/configuration.py", "state/firewall_check.py", "state/programs_check.py"),
    *(
        "state/own_programs.py",
        "state/services_check.py",
        "follow/exits.py",
        "follow/haproxy_words.py",
        "follow/kept_unit.py",
    ),
    *("setup/apply.py", "setup/clock.py", "setup/good.py", "setup/medium.py", "install", "pairing"),
    *("conntrack/course.py", "sync/guard.py", "sync/holder.py", "sync/messages.py"),
    *("sync/public_key.py", "sync/record.py", "sync/server.py", "sync/tree.py", "upgrade/bundle.py"),
    *("upgrade/next_start.py", "upgrade/offer.py", "upgrade/plan.py", "upgrade/slots.py", "io/firmware"),
    *("io/programs/nft.py", "io/programs/openssl.py", "io/programs/password.py", "io/programs/pppd.py"),
    *("io/programs/run.py", "io/programs/haproxy.py", "io/programs/dnsmasq.py", "io/programs/webhook.py"),
    *("io/sockets/helper.py", "io/sockets/services_client.py", "io/store/alarm_file.py"),
    *("io/store/files.py", "io/store/generations.py", "io/store/haproxy_files.py", "io/store/history.py"),
    *("io/store/memory_file.py", "io/store/plan_file.py", "io/store/sealed.py", "io/store/snippet_files.py"),
    *(
        "io/store/trees.py",
        "io/store/program_files.py",
        "programs",
        "daemon/programs.py",
        "helper/sandbox.py",
    ),
    *(
        "daemon/health/checks.py",
        "daemon/health/hooks.py",
        "io/sockets/reach.py",
        "io/sockets/sandbox_client.py",
    ),
)
"""Below hadaemon: files, and folders with all that is in them."""
WRITTEN = {"commented.py"}
"""Files in them whose texts are written into files, where they are English."""
FOREIGN = (
    *("line {line}, column {column}", "end of document", "Invalid value", "Unterminated string"),
    *("Invalid statement", "Invalid date or datetime", "Invalid hex value", "Unclosed array"),
    *("Unclosed inline table", "Cannot overwrite a value", "Cannot declare {keys} twice"),
    *("Expected '=' after a key in a key/value pair", "Invalid initial character for a key part"),
    *("Expected ']' at the end of a table declaration", "Expected ']]' at the end of an array declaration"),
    *("Expected newline or end of document after a statement", "Unescaped '\\\\' in a string"),
    *("Illegal character {char}", "Found invalid character {char}", "Duplicate inline table key {key}"),
    *("Cannot mutate immutable namespace {keys}", "Cannot redefine namespace {keys}"),
    "[Errno {errno}] {strerror}",
    *("No such file or directory", "Permission denied", "Is a directory", "Not a directory"),
    *("Read-only file system", "No space left on device", "Input/output error", "Connection refused"),
    *("Connection reset by peer", "Connection timed out", "Name or service not known"),
    *("Temporary failure in name resolution", "Device or resource busy", "No such device"),
)
"""What tomllib and the kernel say."""
_WORD = re.compile(r"[A-Za-z-]{2,}")
_FIELD = re.compile(r"\{[a-z_0-9]+\}")
_SPOKEN = {"NodeState", "Condition", "SyncState"}
"""Enumerations whose values stand in sentences."""
_COMMAND = "config "
"""How the name of a command begins, which is none."""
_KIND = re.compile("an? [a-z]+")
"""What something is: a sentence names it."""
_TELLING = 5
"""Letters of a word that makes a sentence even alone, beside a field."""
_LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_NOT_TOLD = (ast.JoinedStr, ast.Expr, ast.arg, ast.AnnAssign, ast.Subscript, ast.Compare, ast.FunctionDef)
"""Where a text is a docstring, a type, a key or something to look for."""
_ELSEWHERE = {"Role", "Then", "Relation", "AssertionError"}
"""Classes whose own texts are for the manual, or for who mends the program."""
_OF_A_FILE = re.compile(
    r"""
    \s*
    ( \#.* | -----.* | .*\n | \[".*"\]
    | [A-Z]\w*[a-z][A-Z]\w*\ .* | [A-Z]\w+\ no
    | [a-z_]+\ =\ ( "[^"]*" | \[.*\] | \{\{.*\}\} | \{\w+\} | \w+ )
    )
    """,
    re.DOTALL | re.VERBOSE,
)
"""A comment, a head, lines or an assignment as a file of ours has them, and no word more."""


def texts() -> Iterator[str | tuple[str, str]]:
    """The texts of `hactl` itself; of those that are counted the one of one and that of many."""
    for file in files_of_texts():
        yield from texts_of(file)
    yield from help_texts()


def files_of_texts() -> list[Path]:
    """Where they are."""
    return [file for folder in TEXTS for file in sorted(folder.rglob("*.py"))]


def texts_of(file: Path) -> Iterator[str | tuple[str, str]]:
    """Those of one file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            said = [part.value for part in node.args if isinstance(part, ast.Constant)]
            found = [text for text in said if isinstance(text, str)]
            if node.func.id in ("_", "marked"):
                yield from found
            elif node.func.id == "counted":
                yield found[0], found[1]


def untold(file: Path) -> list[str]:
    """What a file of `hactl` says in English alone."""
    own = {text for found in texts_of(file) for text in ((found,) if isinstance(found, str) else found)}
    return [text for text in sentences_of(file) if text not in set(map(_doubled, own))]


def sentences(sources: Iterable[str] = SOURCES) -> Iterator[str]:
    """Each of them, as it stands in a catalog; one that is there twice comes twice."""
    for source in sources:
        path = ROOT / "hadaemon" / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else (path,):
            if file.name not in WRITTEN:
                yield from sentences_of(file)
    yield from FOREIGN


def sentences_of(file: Path) -> Iterator[str]:
    """Those of one file. What a parser shows for --help is none."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and not isinstance(parents[node], ast.FormattedValue):
            text = _template(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if isinstance(parents[node], _NOT_TOLD):
                continue
            text = _doubled(node.value)
        else:
            continue
        if _is_help(node, parents) or _is_for_others(node, parents):
            continue
        if (_is_sentence(text) and not _is_logged(node, parents)) or _is_word(node, parents):
            yield text


def _template(node: ast.JoinedStr) -> str:
    """The expressions of an f-string as fields, each with the last name in it."""
    names: list[str] = []
    parts = []
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            name = _name(value.value)
            while name in names:
                name = f"{name}2"
            names.append(name)
            parts.append(f"{{{name}}}")
        elif isinstance(value, ast.Constant):
            parts.append(_doubled(str(value.value)))
    return "".join(parts)


def _name(expression: ast.expr) -> str:
    found = [
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(expression)
        if isinstance(node, ast.Attribute | ast.Name)
    ]
    return (found[0] if found else "it").strip("_").lower()


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _is_sentence(text: str) -> bool:
    words = _WORD.findall(_FIELD.sub(" ", text))
    fewest = 1 if _FIELD.search(text) and max(map(len, words), default=0) >= _TELLING else 2
    good = len(words) >= fewest and " " in text.strip() and "\\" not in text
    if text.startswith(_COMMAND) or _OF_A_FILE.fullmatch(text):
        return False
    return good or bool(_KIND.fullmatch(text))


def _is_word(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """One of two words in an f-string, or a value of an enumeration."""
    parent = parents[node]
    if not isinstance(node, ast.Constant) or not _WORD.fullmatch(str(node.value)):
        return False
    if isinstance(parent, ast.IfExp):
        return isinstance(parents[parent], ast.FormattedValue)
    enumeration = parents.get(parent)
    return isinstance(enumeration, ast.ClassDef) and enumeration.name in _SPOKEN


def _is_logged(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    call = parents[node]
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _LOGS


def _is_for_others(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Given to one of these classes, or a value of it."""
    parent = parents[node]
    if isinstance(parent, ast.Call):
        return isinstance(parent.func, ast.Name) and parent.func.id in _ELSEWHERE
    enumeration = parents.get(parent)
    return isinstance(enumeration, ast.ClassDef) and enumeration.name in _ELSEWHERE


def _is_help(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    parent = parents[node]
    return isinstance(parent, ast.keyword) and parent.arg == "help"
