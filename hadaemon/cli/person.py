"""What a person at the terminal is asked, and told."""

from typing import TYPE_CHECKING

from hadaemon.language.speech import _, told
from hadaemon.text.safe import safe

if TYPE_CHECKING:
    from hadaemon.operations.changing import Outcome


def asked(question: str) -> str:
    """What the person types. On a terminal `input` prints the question itself."""
    return input(safe(question))


def agreed(question: str) -> bool:
    """Asks the person at the terminal; nobody there means no."""
    try:
        return asked(f"{question} {_('[y/N]')} ").strip().lower() in {"y", "yes", *_("y yes").split()}
    except EOFError:
        return False


def tell(outcome: "Outcome") -> None:
    """What was done, and what the administrator should know."""
    print(told(outcome.done))
    for note in outcome.notes:
        print(f"  {_('note: {note}').format(note=told(note))}")
