"""What a person at the terminal is asked, and told."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hadaemon.operations.changing import Outcome


def agreed(question: str) -> bool:
    """Asks the person at the terminal; nobody there means no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def tell(outcome: "Outcome") -> None:
    """What was done, and what the administrator should know."""
    print("\n".join(outcome.lines))
