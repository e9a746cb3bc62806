"""The menu at a terminal of a node, with the image's own Python and everything that it loads."""

import shlex

import pytest

from .pair import ContainerPair

AT_A_TERMINAL = r"""
import os, pty, re, select, sys, time
program, *keys = sys.argv[1:]
child, terminal = pty.fork()
if not child:
    os.execv(program, [program, *(["menu"] if program.endswith("hactl") else [])])
screen = ""
def read(seconds):
    global screen
    end = time.monotonic() + seconds
    while time.monotonic() < end and not re.search(r"(^|\n)[a-z][a-z0-9-]*( \[.*\])? > $", screen[-200:]):
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                screen += os.read(terminal, 4096).decode()
            except OSError:
                break
for key in keys:
    read(60)
    screen += "\n"
    os.write(terminal, key.encode() + b"\r")
read(60)
print(screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Types each answer when a question waits; what was on the screen, and the program's exit code."""


@pytest.mark.parametrize("language, said", [("en", "leave the menu"), ("de", "verlassen")])
def test_the_menu_of_a_node_that_is_configured_opens(pair: ContainerPair, language: str, said: str) -> None:
    alpha = pair.node("alpha")
    node = "/data/state/node.toml"
    alpha.run(
        f"cp {node} /tmp/node.toml && sed -i 's/^language = .*/language = \"{language}\"/' {node}", root=True
    )
    try:
        told = alpha.run(f"python3 -c {shlex.quote(AT_A_TERMINAL)} /usr/bin/hactl leave", root=True).output
    finally:
        alpha.run(f"cp /tmp/node.toml {node}", root=True)
    assert said in told
