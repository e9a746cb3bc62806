"""Names of [networks] in `allowed` of WireGuard."""

from hadaemon.config import load_cluster, render_cluster
from hadaemon.follow.files import files

KEY = "6LM3xwGmCBGvSF9b3lZvMRR4gzmXv2gjq0Bz6QIVVGg="
CLUSTER = f"""
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[networks]
branch = {{ file = "branch.txt" }}
all = ["0.0.0.0/0"]
[[follow.wireguard]]
name = "wg0"
private_key = "{KEY}"
addresses = ["10.8.0.1/24"]
[[follow.wireguard.peers]]
public_key = "{KEY}"
allowed = ["branch", "10.8.0.2/32"]
"""
LISTS = {"branch.txt": "10.20.0.0/16\n10.21.0.0/17\n10.21.128.0/17\n"}


def test_a_tunnel_has_the_networks_and_their_routes():
    cluster = load_cluster(CLUSTER, lists=LISTS)
    texts = {each.name: each.text for each in files("alpha", cluster, {}, {}, {})}
    assert "AllowedIPs = 10.20.0.0/15, 10.8.0.2/32\n" in texts["wg0.wg"]
    assert "route replace 10.20.0.0/15 dev wg0\n" in texts["wg0.ip"]
    assert 'allowed = ["branch", "10.8.0.2/32"]' in render_cluster(cluster)


def test_a_name_may_be_everything():
    cluster = load_cluster(CLUSTER.replace('["branch", ', '["all", '), lists=LISTS)
    assert cluster.follow.whole == {4}
