"""A shell on a serial console: log in, run commands, get their status and output back exactly.

The line may be a Unix socket of QEMU (`unix:///path`) or a port of this machine (`/dev/ttyUSB0`) with a real
box behind it.

A console is a poor transport: it echoes, wraps lines, limits their length and lets others write in
between. So the interactive shell is replaced by one that neither echoes nor edits, a command travels as
base64 in short pieces, and its output comes back as base64 in pieces that are asked for, between marks
that no echo can imitate.
"""

import base64
import binascii
import re
import secrets
import shlex
from dataclasses import dataclass

from firmware.lab.deadline import Deadline
from firmware.lab.errors import ConsoleError, DeadlineExceeded
from firmware.lab.line import Line, open_port

PROMPT = "hotspare-lab> "
INPUT_PIECE = 1000
"""Characters of a command in one line; a terminal takes 4,095 at most."""
OUTPUT_PIECE = 32768
"""Characters of output asked for at once: QEMU drops what a virtio console says faster than it is read."""
QUIET_SECONDS = 0.1
"""A prompt is one when nothing follows it for so long."""
NUDGE_SECONDS = 4.0
"""How long the other side may be silent before Enter is pressed again."""
LOGIN_SECONDS = 20.0
"""How long one step of a login may take."""
REFUSALS = 3
"""A password may be spoiled by what else is on the line, but not three times."""
COMMAND_SECONDS = 60.0

_LOGIN = re.compile(rb"login: $")
_PASSWORD = re.compile(rb"Password: $")
_OUR_PROMPT = re.compile(re.escape(PROMPT.encode()) + rb"$")
_SHELL_PROMPT = re.compile(rb"[$#] (\x1b\[\?2004h)?$")
_REFUSED = re.compile(rb"Login incorrect")
_NUMBERS = r"(\d+) (\d+)"
_BASE64 = r"([A-Za-z0-9+/=]*)"
_CLEAN_SHELL = (
    f"exec env -u TMOUT TERM=dumb PS1={shlex.quote(PROMPT)} PS2= PROMPT_COMMAND= HISTFILE= "
    "bash --noprofile --norc --noediting -i"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What a command in a node came to."""

    status: int
    output: str
    """Standard output and standard error, as they came."""


class Console(Line):
    """A logged-in console. Not for two threads at once."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Opens the line; nothing is said on it yet.

        Raises:
            ConsoleError: the line cannot be opened.
        """
        super().__init__(open_port(url), url)
        self._user = user
        self._password = password
        self._buffer = b""
        self._patience = Deadline(0)
        self._refusals = 0

    @property
    def last_words(self) -> str:
        """The end of what came in and is not yet understood."""
        return repr(self._buffer[-200:].decode(errors="replace"))

    def login(self, seconds: float) -> bool:
        """Works towards a shell from whatever the console shows; says whether it is there.

        Call it again until it is: nothing is lost in between. The node may still be booting.

        Raises:
            ConsoleError: the password was refused repeatedly, or the line is gone.
        """
        turn = Deadline(seconds)
        while not turn.expired:
            if self.pause(QUIET_SECONDS):
                continue
            # The line is quiet: only now is a prompt at its end a prompt that waits for us.
            if _OUR_PROMPT.search(self._buffer):
                self._silence_echo(Deadline(LOGIN_SECONDS))
                return True
            if not self._answer_prompt() and self._patience.expired:
                self.send("\n")
                self._patience = Deadline(NUDGE_SECONDS)
        return False

    def _answer_prompt(self) -> bool:
        if _REFUSED.search(self._buffer):
            self._count_refusal()
        for prompt, answer in (
            (_LOGIN, self._user),
            (_PASSWORD, self._password),
            (_SHELL_PROMPT, _CLEAN_SHELL),
        ):
            if prompt.search(self._buffer):
                self._buffer = b""
                self.send(answer + "\n")
                # A slow machine takes its time to answer, and an Enter in between would be an empty password.
                self._patience = Deadline(LOGIN_SECONDS)
                return True
        return False

    def _count_refusal(self) -> None:
        self._buffer = _REFUSED.sub(b"", self._buffer)
        self._refusals += 1
        if self._refusals == REFUSALS:
            raise ConsoleError(f"the node refuses the password of {self._user}", self.url)

    def _silence_echo(self, deadline: Deadline) -> None:
        nonce = secrets.token_hex(8)
        self.send(f"stty -echo; mesg n 2>/dev/null; echo {nonce[:4]}''{nonce[4:]}\n")
        self._read_until(re.compile(nonce.encode()), deadline)

    def run(self, command: str, seconds: float = COMMAND_SECONDS) -> Result:
        """Runs a command in a shell of its own and waits for its end.

        Raises:
            DeadlineExceeded: it took longer; it is interrupted.
            ConsoleError: the line is gone or garbled.
        """
        deadline = Deadline(seconds)
        try:
            self._dictate(command)
            status, end = map(int, self._ask('echo "$s $((${#r} - 1 - ${#s}))"', _NUMBERS, deadline))
            pieces = [
                self._ask(f'echo "${{r:{start}:{min(OUTPUT_PIECE, end - start)}}}"', _BASE64, deadline)[0]
                for start in range(0, end, OUTPUT_PIECE)
            ]
        except DeadlineExceeded as error:
            self.send("\x03")
            raise DeadlineExceeded(
                f"the command did not end within {deadline.seconds:.0f} s: {command}", self.url
            ) from error
        try:
            output = base64.b64decode("".join(pieces), validate=True)
        except binascii.Error as error:
            raise ConsoleError(f"something wrote into the output of: {command}", self.url) from error
        return Result(status, output.decode(errors="replace"))

    def _dictate(self, command: str) -> None:
        """Has the command run; the shell's variable r becomes its output (base64), a colon and its status."""
        encoded = base64.b64encode(command.encode()).decode()
        self.send("c=\n")
        for start in range(0, len(encoded), INPUT_PIECE):
            self.send(f"c+={encoded[start : start + INPUT_PIECE]}\n")
        self.send(
            'r=$(bash -c "$(base64 -d <<<"$c")" </dev/null 2>&1 | base64 -w0; echo ":${PIPESTATUS[0]}"); '
            "s=${r##*:}\n"
        )

    def _ask(self, question: str, answer: str, deadline: Deadline) -> tuple[str, ...]:
        """Runs something short in the shell itself and returns the groups of its answer."""
        nonce = secrets.token_hex(8)
        mark = f'echo -n {nonce[:4]}""{nonce[4:]}'
        self.send(f"{mark}; {question}; {mark}\n")
        found = self._read_until(re.compile(f"{nonce}{answer}\r?\n{nonce}".encode()), deadline)
        return tuple(group.decode() for group in found.groups())

    def _read_until(self, pattern: re.Pattern[bytes], deadline: Deadline) -> re.Match[bytes]:
        found = self.until(lambda: pattern.search(self._buffer), deadline, "an answer")
        self._buffer = self._buffer[found.end() :]
        return found

    def heard(self, data: bytes) -> None:
        """Kept until it is understood."""
        self._buffer += data
