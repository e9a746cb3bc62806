"""What `hactl` says in English alone, whoever reads it: counted, so that it does not grow unseen."""

from firmware.paths import ROOT
from firmware.sentences import SOURCES, files_of_texts, sentences_of, untold

ENGLISH = {
    "manual.py": "the man page is English",
    "status_schema.py": "programs read it",
    "colour.py": "words that others say",
}
"""What is to stay so, and why."""
GAP = {"capture.py": 1, "main.py": 1, "status.py": 2}
"""How many texts of which file have no catalog: the name of the program, a filter and a format of time."""

OTHERS = {
    "operations/changing.py": 1,
    "operations/import_keepalived.py": 22,
    "operations/import_scripts.py": 2,
}
"""The same of the operations, whose sentences `hactl` shows: an import is done once."""


def test_the_operations_are_known_to_the_phrase_book():
    found = {
        f"operations/{file.name}": len(list(sentences_of(file)))
        for file in sorted((ROOT / "hadaemon/operations").rglob("*.py"))
        if f"operations/{file.name}" not in SOURCES
    }
    assert {name: count for name, count in found.items() if count} == OTHERS, "add the file to SOURCES"


def test_the_gap_is_known_and_does_not_grow():
    found = {file.name: untold(file) for file in files_of_texts() if file.name not in ENGLISH}
    counts = {name: len(texts) for name, texts in found.items() if texts}
    more = {name: found[name] for name, count in counts.items() if count > GAP.get(name, 0)}
    assert more == {}, "give them to `_`, and run `python3 invoke.py translate`"
    assert counts == GAP, "fewer than before: write the smaller number into GAP"
