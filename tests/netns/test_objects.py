"""Names for networks and services with real packets: lists, exceptions, no NAT, and a range of addresses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .namespaces import Namespaces
from .pair import CLIENT, VIRTUAL, build_pair
from .site import SERVER, Site, build_site, listen, refused, session

OTHER = "192.168.175.9"
"""Another address of the server."""
SPARE = "192.168.175.111"
"""Another virtual address on the same port."""
NAMES = """
[networks]
friends = { file = "friends.txt" }
inside = ["192.168.12.0/24"]
[services]
web = ["http", "tcp/8080"]
"""
RULES = (
    NAMES
    + """
[[firewall.rules]]
action = "allow"
from = ["lan"]
source = ["inside"]
destination = ["friends"]
services = ["web"]
"""
)
MANY = 20_000


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Namespaces() as namespaces:
        pair = build_pair(namespaces, tmp_path)
        found = build_site(namespaces, pair)
        found.server.run("ip", "address", "add", f"{OTHER}/24", "dev", "eth0")
        yield found
        pair.check_logs()


def write_list(site: Site, text: str) -> None:
    for node in site.pair.nodes:
        path = node.state_folder / "cluster.d" / "networks" / "friends.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_rule_with_names_follows_its_list(site: Site) -> None:
    write_list(site, f"# who we know\n{SERVER}  # the server\n")
    site.start(RULES)
    with listen(site.server, 8080) as outside, listen(site.server, 22):
        with session(site.client, SERVER, 8080, outside) as web:
            assert web.passes()
        assert refused(site.client, SERVER, 22), "another service"
        assert refused(site.client, OTHER, 8080), "not on the list"
        write_list(site, f"{SERVER}\n{OTHER}\n")
        assert site.alpha.ask("reload")["changed"]
        with session(site.client, OTHER, 8080, outside) as web:
            assert web.passes()
        site.change(RULES.replace('["friends"]', f'["friends", "!{SERVER}"]'))
        assert refused(site.client, SERVER, 8080), "an exception"
        site.change(RULES.replace('["inside"]\ndest', f'["!{CLIENT}"]\ndest'))
        assert refused(site.client, OTHER, 8080), "all but the client"
        write_list(site, f"{SERVER}\n192.168.175.999\n")
        answer = site.alpha.ask("reload")
        assert any("cluster.d/networks/friends.txt: line 2: " in each for each in answer["problems"])
        assert refused(site.client, OTHER, 8080), "what ran before still runs"


def test_a_long_list_loads_and_counts(site: Site) -> None:
    others = (f"10.{number >> 8}.{number & 255}.{number % 200}\n" for number in range(MANY - 1))
    write_list(site, "".join(others) + f"{SERVER}\n")
    site.start(RULES)
    with listen(site.server, 80) as outside:
        with session(site.client, SERVER, 80, outside) as web:
            assert web.passes()
        assert refused(site.client, OTHER, 80)
    assert (site.alpha.state(), site.pair.beta.state()) == ("active", "backup")


def test_no_nat_and_a_range_as_new_source(site: Site) -> None:
    write_list(site, f"{SERVER}\n")
    allowed = NAMES + '[[firewall.rules]]\naction = "allow"\nfrom = ["lan"]\n'
    span = '[[firewall.source_nat]]\naddress = "{}"\nto = ["wan"]\n'
    none = '[[firewall.source_nat]]\naddress = "none"\ndestination = ["friends"]\n'
    site.start(allowed + none + span.format(VIRTUAL["wan"]))
    with listen(site.server, 80) as outside:
        for address, source in ((SERVER, CLIENT), (OTHER, VIRTUAL["wan"])):
            with session(site.client, address, 80, outside) as web:
                assert web.source == source
                assert web.passes()
        site.alpha.namespace.run("ip", "address", "add", f"{SPARE}/32", "dev", "wan")
        site.change(allowed + span.format(f"192.168.175.110-{SPARE}"))
        site.alpha.namespace.run("ip", "address", "add", "192.168.175.110/32", "dev", "wan")
        with session(site.client, SERVER, 80, outside) as web:
            assert web.source in ("192.168.175.110", SPARE)
            assert web.passes()
