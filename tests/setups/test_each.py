"""What holds for every ready configuration."""

import pytest

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.node import Node
from firmware.lab.setups import setup_names

from .conftest import Record
from .site import DIAL_SECONDS, Site

pytestmark = pytest.mark.parametrize("setup_name", setup_names(), ids=lambda name: name.replace("-", "_"))
"""As the file of the setup's own claims is called, so that one word selects all of them."""


def problems(node: Node) -> list[str]:
    """What the node's status complains of."""
    return [str(each) for each in node.status()["status"]["problems"]]


def test_it_boots_as_it_is_written(site: Site, claim: Record) -> None:
    """It boots as it is written: the master is active, the other node its backup, and nothing is wrong."""
    watch = site.watch()
    site.answers(site.master, watch)
    site.spare.wait_for_state("backup")
    for node in (site.master, site.spare):
        wait_until(
            lambda node=node: problems(node) == [],
            Deadline(DIAL_SECONDS),
            "no problem",
            node.name,
            1.0,
            lambda node=node: str(problems(node)),
        )
        told = node.run("hactl config show --effective", root=True).output
        assert "  # cluster.toml" in told
    claim.measure(f"{site.master.name} is active, {site.spare.name} its backup, no problem on either")
    claim.show(f"hactl status on {site.master.name}", site.master.run("hactl status").output.splitlines())


def test_a_planned_switch_moves_it(site: Site) -> None:
    """A planned switch moves everything to the other node, and another one moves it back."""
    watch = site.watch()
    site.answers(site.master, watch)
    site.moves("planned switch", site.switch(site.master), site.spare, watch)
    site.moves("planned switch back", site.switch(site.spare), site.master, watch)


def test_it_moves_when_power_is_lost(site: Site) -> None:
    """When the active node loses its power, the other one takes over."""
    watch = site.watch()
    site.answers(site.master, watch)
    site.moves(f"power of {site.master.name} lost", site.master.power_off, site.spare, watch)
