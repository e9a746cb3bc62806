"""A person at a serial console, who answers the menu's questions as a test has prepared them."""

from collections.abc import Mapping, Sequence

from firmware.lab.deadline import Deadline
from firmware.lab.errors import ConsoleError
from firmware.lab.line import POLL_SECONDS
from firmware.provision.screen import Kind, Prompt
from firmware.provision.typist import TRIES, Typist


class Person(Typist):
    """Types as `provision` does."""

    def question(self, seconds: float) -> str:
        """The key of the question that waits for an answer. Raises DeadlineExceeded."""
        deadline = Deadline(seconds)
        while True:
            prompt = self.prompt(max(deadline.remaining, POLL_SECONDS))
            if prompt.kind is Kind.QUESTION:
                return prompt.key
            self._pass_over(prompt, deadline)

    def answer(self, answers: Mapping[str, str | Sequence[str]], last: str, seconds: float) -> list[str]:
        """Answers every question up to and with `last`; Enter where there is no answer. Returns the keys."""
        deadline = Deadline(seconds)
        left = {key: [texts] if isinstance(texts, str) else list(texts) for key, texts in answers.items()}
        asked: list[str] = []
        while last not in asked:
            key = self.question(max(deadline.remaining, POLL_SECONDS))
            asked.append(key)
            texts = left.get(key, [])
            if not texts and asked.count(key) > TRIES:
                raise ConsoleError(f"no answer to {key} helps: {self.last_words}", self.url)
            self.type(texts.pop(0) if texts else "", secret=key.startswith("password"))
        return asked

    def wait_for(self, text: str, seconds: float) -> None:
        """Until it was on the screen after what was typed last. Raises DeadlineExceeded."""
        self.until(lambda: text in self.news, Deadline(seconds), repr(text))

    def _pass_over(self, prompt: Prompt, deadline: Deadline) -> None:
        """A full page is turned; what else waits is not for us, and something may come after it."""
        if prompt.kind is Kind.MORE:
            self.type("")
            return
        length = len(self.screen)
        self.until(lambda: len(self.screen) > length, deadline, "a question")
