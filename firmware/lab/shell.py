"""The prompt of `pair`: one method a command, each a few words about the lab.

Typed into a terminal a mistake is told and forgotten. In a script (standard input is no terminal) every
command is shown, and the first that fails ends the script with a failure.
"""

import cmd
import contextlib
import sys
from ipaddress import IPv4Address

from firmware.errors import FirmwareError
from firmware.lab.attach import attach
from firmware.lab.board import STATES, Board
from firmware.lab.client import Client, Watch
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.errors import DeadlineExceeded, LabError
from firmware.lab.lab import Lab
from firmware.lab.node import Node
from firmware.lab.progress import STILL_SECONDS, Patience
from firmware.lab.screen import Screen
from firmware.lab.switch import Quality

PROMPT = "pair> "
PING_COUNT = 5
PING_SECONDS = 1.0
HELP = """\
status                   how both nodes are, and why
wait ready [SECONDS]     until one node is active, the other its backup
wait NODE STATE [SECONDS]  until a node is active, backup, fault, powered-off, ...
wait owner NODE [SECONDS]  until a node answers for the virtual address
kill NODE                cut its power
start NODE               switch it on
reset NODE               press its reset button
shutdown NODE            shut it down in order
pull NODE.PORT           pull a cable out of a node, such as: pull alpha.lan
plug NODE.PORT           plug it in again
cut NETWORK              pull it at every node: lan, wan or hotwire
heal NETWORK             plug it in again
loss NETWORK PERCENT     let the switch lose frames
delay NETWORK MS         let the switch delay frames
run NODE COMMAND...      run a command in a node as admin (use sudo for root)
console NODE             its serial console; Ctrl-] leaves
ping                     ping the virtual address from the LAN's client
sockets                  where another terminal reaches consoles, screens and captures
quit                     switch everything off and leave (Ctrl-D does too)"""


class Shell(cmd.Cmd):
    """The commands."""

    def __init__(self, lab: Lab, board: Board, watch: Watch, client: Client, screen: Screen) -> None:
        """Reads from standard input; `cmdloop` runs until `quit` or its end."""
        super().__init__()
        self._lab = lab
        self._board = board
        self._watch = watch
        self._client = client
        self._screen = screen
        self._script = not sys.stdin.isatty()
        self.use_rawinput = not self._script
        self.prompt = "" if self._script else PROMPT

    # What cmd.Cmd asks of us

    def onecmd(self, line: str) -> bool:
        """Runs one command; an error is told, and in a script it is the end."""
        if line == "EOF":
            return True
        if self._script and line.strip():
            self._screen.say(f"{PROMPT}{line.strip()}")
        try:
            return bool(super().onecmd(line.split("#")[0].strip()))
        except FirmwareError as error:
            if self._script:
                raise
            self._screen.say(str(error))
        except KeyboardInterrupt:
            if self._script:
                raise
            self._screen.say("(given up)")
        return False

    def emptyline(self) -> bool:
        """An empty line does nothing."""
        return False

    def default(self, line: str) -> None:
        """Refuses what is no command."""
        raise LabError(f"there is no command {line.split()[0]!r}", "pair", "Type: help")

    def do_help(self, _arg: str) -> None:
        """Prints the commands."""
        self._screen.say(HELP)

    def do_quit(self, _arg: str) -> bool:
        """Leaves."""
        return True

    # Looking

    def do_status(self, _arg: str) -> None:
        """Says how both nodes are, and why."""
        self._screen.say(self._board.explain())

    def do_ping(self, _arg: str) -> None:
        """Pings the virtual address a few times; an error when nobody answers at all."""
        answered = [self._ping_once() for _ in range(PING_COUNT)]
        if not any(answered):
            raise LabError("no ping was answered", str(self._watch.address))

    def _ping_once(self) -> bool:
        address = self._watch.address
        try:
            seconds = self._client.ping(address, Deadline(PING_SECONDS))
        except DeadlineExceeded:
            self._screen.say(f"{address} did not answer")
            return False
        mac = self._client.neighbour(address)
        self._screen.say(f"{address} answered from {mac} in {seconds * 1000:.0f} ms")
        return True

    def do_sockets(self, _arg: str) -> None:
        """Says where everything can be reached from outside."""
        self._screen.say(describe_ways_in(self._lab))

    def do_wait(self, arg: str) -> None:
        """Waits for a state of the pair, of a node, or for who answers."""
        words = arg.split()
        deadline: Deadline = Patience(STILL_SECONDS, self._board.movement)
        if words and words[-1].isdigit():
            deadline = Deadline(float(words.pop()))
        match words:
            case ["ready"]:
                ready = "a ready pair"
                wait_until(lambda: self._board.ready, deadline, ready, "pair", explain=self._board.explain)
            case ["owner", name]:
                node = self._lab.node(name)
                self._watch.wait_for_owner(self._owner_mac(node), deadline)
            case [name, state] if state in STATES:
                node = self._lab.node(name)
                wait_until(
                    lambda: self._board.view(node.name).state == state,
                    deadline,
                    f"state {state}",
                    node.name,
                    explain=lambda: f"It is: {self._board.view(node.name)}.",
                )
            case _:
                raise LabError(f"cannot wait for {arg!r}", "wait", f"The states are: {', '.join(STATES)}.")

    # Power

    def do_kill(self, arg: str) -> None:
        """Cuts a node's power."""
        self._node(arg).power_off()

    def do_start(self, arg: str) -> None:
        """Switches a node on."""
        self._node(arg).power_on()

    def do_reset(self, arg: str) -> None:
        """Presses a node's reset button."""
        self._node(arg).reset()

    def do_shutdown(self, arg: str) -> None:
        """Shuts a node down in order."""
        self._node(arg).shutdown()

    # Cables

    def do_pull(self, arg: str) -> None:
        """Pulls a cable."""
        node, port = self._port(arg)
        node.pull(port)

    def do_plug(self, arg: str) -> None:
        """Plugs a cable in."""
        node, port = self._port(arg)
        node.plug(port)

    def do_cut(self, arg: str) -> None:
        """Cuts a network."""
        self._lab.cut(arg)

    def do_heal(self, arg: str) -> None:
        """Heals a network."""
        self._lab.heal(arg)

    def do_loss(self, arg: str) -> None:
        """Lets a switch lose frames."""
        network, percent = _word_and_number(arg, "loss")
        if percent > 100:
            raise LabError("more than all frames cannot be lost", "loss", "Give a percentage from 0 to 100.")
        self._degrade(network, Quality(loss=percent / 100))

    def do_delay(self, arg: str) -> None:
        """Lets a switch delay frames."""
        network, milliseconds = _word_and_number(arg, "delay")
        self._degrade(network, Quality(delay=milliseconds / 1000))

    # Inside

    def do_run(self, arg: str) -> None:
        """Runs a command in a node."""
        name, _, command = arg.partition(" ")
        result = self._node(name).run(command, check=False)
        self._screen.say(result.output.rstrip())
        if result.status:
            raise LabError(f"the command ended with status {result.status}: {command}", name)

    def do_console(self, arg: str) -> None:
        """Attaches the terminal to a node's serial console."""
        node = self._node(arg)
        self._screen.say(f"{node.name}'s serial console. Press Enter for a prompt, Ctrl-] to leave.")
        socket = node.machine.spec.sockets.serial
        self._screen.pause()
        try:
            attach(f"unix://{socket}")
        finally:
            self._screen.resume()
        self._screen.say("")

    def _node(self, arg: str) -> Node:
        return self._lab.node(arg.strip())

    def _port(self, arg: str) -> tuple[Node, str]:
        name, _, port = arg.strip().partition(".")
        node = self._lab.node(name)
        return node, node.data.port(port).name

    def _owner_mac(self, node: Node) -> str:
        return next(port.mac for port in node.data.ports if port.network == self._client.data.network)

    def _degrade(self, network: str, quality: Quality) -> None:
        switch = self._lab.switch(network)
        for port in switch.port_names:
            switch.set_quality(port, quality)


def describe_ways_in(lab: Lab) -> str:
    """Says how another terminal reaches consoles, screens and captures."""
    lines = []
    for node in lab.nodes.values():
        sockets = node.spec.sockets
        lines.append(f"{node.name} console:  socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:{sockets.serial}")
        lines.append(f"{node.name} screen:   VNC on {sockets.vnc}")
        lines.append(f"{node.name} log:      {node.spec.serial_log}")
    lines.append(
        f"captures:       {', '.join(str(lab.folder / f'{n.name}.pcap') for n in lab.topology.networks)}"
    )
    lines.append(f"log in as:      admin, password {lab.admin_password}")
    return "\n".join(lines)


def virtual_address(lab: Lab, network: str) -> IPv4Address:
    """The first virtual address on a network.

    Raises:
        LabError: the cluster has none there.
    """
    for interface in lab.topology.cluster.ha_interfaces if lab.topology.cluster else ():
        on_network = any(port.name == interface.port for _, port in lab.topology.ends(network))
        if on_network and interface.virtual_addresses:
            return interface.virtual_addresses[0].ip
    raise LabError("there is no virtual address on this network", network)


def _word_and_number(arg: str, command: str) -> tuple[str, float]:
    with contextlib.suppress(ValueError):
        word, number = arg.split()
        if float(number) >= 0:
            return word, float(number)
    raise LabError(f"{arg!r} is not a network and a number", command, f"For example: {command} lan 20")
