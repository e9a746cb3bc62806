"""Packets through the rules where a port has more interfaces than one, and the administrator's way in."""

from .kernel_settings import apply
from .pair import CLIENT, CLUSTER, OWN, VIRTUAL
from .test_firewall import OUTWARDS, SERVER, Site, connect, listen, refused, session, site  # noqa: F401 - a fixture
from .test_virtual_mac import VIRTUAL_MAC

SSH = '\n[ssh]\nports = ["lan"]\ntcp_port = 2200\n'
NAT = f"""
[[firewall.source_nat]]
address = "{VIRTUAL["wan"]}"
from = ["lan"]
to = ["wan"]
"""
INWARDS = f"""
[[firewall.destination_nat]]
address = "{VIRTUAL["wan"]}"
services = ["tcp/80"]
to = "{CLIENT}"
to_port = 8080
from = ["wan"]
"""


def test_what_comes_in_by_a_virtual_mac_address_comes_in_by_its_port(site: Site) -> None:  # noqa: F811
    for node in site.pair.nodes:
        apply(node.namespace)
        node.cluster = CLUSTER.replace("[vrrp]", "[vrrp]\nvirtual_mac = true") + OUTWARDS + NAT + INWARDS
    site.pair.start()
    with listen(site.server, 22) as outside, session(site.client, SERVER, 22, outside) as ssh:
        assert ssh.source == VIRTUAL["wan"]
        assert ssh.passes()
        assert VIRTUAL_MAC["lan"] in site.client.run("ip", "neighbour", "show", VIRTUAL["lan"])
    with listen(site.client, 8080) as inside, session(site.server, VIRTUAL["wan"], 80, inside) as web:
        assert web.passes()
    assert refused(site.server, CLIENT, 8080), "not from the other side, by whatever interface"


def test_administrators_get_in_at_own_addresses_of_their_ports_alone(site: Site) -> None:  # noqa: F811
    site.start(SSH)
    with listen(site.alpha.namespace, 2200) as own:
        with session(site.client, OWN["alpha"]["lan"], 2200, own) as administrator:
            assert administrator.passes()
        assert refused(site.client, VIRTUAL["lan"], 2200), "never at a virtual address"
        assert refused(site.server, OWN["alpha"]["wan"], 2200), "nor by another port"
        site.change(SSH + 'sources = ["192.168.12.77"]\n')
        assert refused(site.client, OWN["alpha"]["lan"], 2200), "nor from elsewhere"
        site.change('\n[[firewall.rules]]\naction = "drop"\nto = ["node"]\n' + SSH)
        assert refused(site.client, OWN["alpha"]["lan"], 2200), "one's own rules go first"
        site.change(SSH)
        connect(site.client, OWN["alpha"]["lan"], 2200).close()
