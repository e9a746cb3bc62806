"""A flow under way: its present step, answering it, and going back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from hadaemon.menu.steps import Act, Ask, Choose, Failed, Flow, MenuStep

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The flow's end."""

    result: T


class Conversation(Generic[T]):
    """Going back replays all answers but the last one: with the same answers a flow must do the same."""

    def __init__(self, begin: Callable[[], Flow[T]]) -> None:
        self._begin = begin
        self._history: list[tuple[MenuStep, object]] = []
        self._remembered: dict[str, str] = {}
        self._restart([])

    @property
    def step(self) -> MenuStep | Done[T]:
        """What is to be asked, shown or done now."""
        return self._step

    def remembered(self, key: str) -> str:
        """What was typed at this question before going back; empty: nothing, or it is secret."""
        return self._remembered.get(key, "")

    def answered(self, key: str) -> str:
        """What was chosen at a question; empty: nothing yet."""
        for step, value in reversed(self._history):
            if isinstance(step, Choose) and step.key == key:
                return str(value)
        return ""

    def answer(self, value: object, typed: str = "") -> None:
        """Answers the present step; `typed` is what to offer when the question comes again."""
        step = self._step
        assert not isinstance(step, Done)
        if typed and isinstance(step, Ask | Choose) and not (isinstance(step, Ask) and step.secret):
            self._remembered[step.key] = typed
        self._history.append((step, value))
        self._advance(value)

    def back(self) -> bool:
        """Goes back to the question before; False: there is none to go back to."""
        last = self._last_question()
        if last is None:
            return False
        self._restart(self._history[:last])
        return True

    def leads_back_to(self, key: str) -> bool:
        """Whether this question can be gone back to."""
        return any(step.key == key for _, step in self._questions_before())

    def _last_question(self) -> int | None:
        return next((position for position, _ in self._questions_before()), None)

    def _questions_before(self) -> Iterator[tuple[int, Ask | Choose]]:
        """Those that can be gone back to, with their positions, the last one first."""
        for position in range(len(self._history) - 1, -1, -1):
            step, answer = self._history[position]
            if isinstance(step, Act) and step.final and not isinstance(answer, Failed):
                return
            if isinstance(step, Ask | Choose):
                yield position, step

    def _restart(self, history: list[tuple[MenuStep, object]]) -> None:
        self._history = history
        self._flow = self._begin()
        self._step: MenuStep | Done[T] = next(self._flow)
        for _, value in history:
            self._advance(value)

    def _advance(self, value: object) -> None:
        try:
            self._step = self._flow.send(value)
        except StopIteration as end:
            self._step = Done(end.value)
