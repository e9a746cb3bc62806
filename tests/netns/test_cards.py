"""What is asked of network cards: to switch on and off, their speed, and to go."""

import json
import sys

from .namespaces import Namespaces

LOOK = """
import json
from hadaemon.errors import HadaemonError
from hadaemon.io.kernel import device

said = [device.speed("one")]
for step in (
    lambda: device.switch_on("one"),
    lambda: device.switch_on("one"),
    lambda: device.speed("one"),
    lambda: device.switch_on("two"),
    lambda: device.speed("one"),
    lambda: device.switch_off("one"),
    lambda: device.speed("two"),
    lambda: device.speed("three"),
    lambda: device.switch_on("three"),
    lambda: device.blink("two", 1),
    lambda: device.remove_link("one"),
    lambda: device.speed("two"),
    lambda: device.remove_link("one"),
):
    try:
        said.append(step())
    except HadaemonError as error:
        said.append(str(error))
print(json.dumps(said))
"""


def test_cards_are_switched_and_have_a_speed_while_they_are_connected() -> None:
    with Namespaces() as namespaces:
        node = namespaces.make("node")
        node.run("ip", "link", "add", "one", "type", "veth", "peer", "name", "two")
        said = json.loads(node.run(sys.executable, "-P", "-c", LOOK))
    assert said == [
        None,
        True,
        False,
        None,
        True,
        10000,
        None,
        None,
        None,
        "look at three: No such device",
        "two: Operation not supported",
        None,
        None,
        "remove one: No such device",
    ]
