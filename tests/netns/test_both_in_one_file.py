"""Both nodes in one cluster.toml, over a real SSH server: moved there, edited once, sent, moved back."""

from firmware.lab.sync_box import SyncBox

from .test_sync_config import CLUSTER, boxes, cluster, head

__all__ = ["boxes"]

MORE = """
[ports.guests]
parent = "lan"
vlan = 20
[nodes.alpha.variables]
watched = "192.168.12.9"
[nodes.beta.variables]
watched = "192.168.12.10"
[[ping_groups]]
name = "switch"
hosts = ["${watched}"]
"""


def effective(box: SyncBox) -> str:
    done = box.hactl("config", "show", "--effective")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_file_has_both(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert beta.hactl("config", "sync", "--from-peer", "--yes").returncode == 0
    for box, last in ((alpha, 141), (beta, 142)):
        done = box.hactl("config", "move-to-cluster")
        assert done.returncode == 0, done.stderr
        assert f"192.168.12.{last}" not in (box.state / "node.toml").read_text()
    assert head(alpha) == head(beta)
    assert cluster(alpha) == cluster(beta)
    text = cluster(alpha).replace(
        "[nodes.beta.addresses]", '[nodes.beta.addresses]\nguests = ["192.168.20.2/24"]'
    )
    alpha.apply(text + MORE)
    done = alpha.hactl("config", "sync", "--to-peer", "--yes")
    assert done.returncode == 0, done.stderr
    assert head(alpha) == head(beta)
    for box, own, watched in ((alpha, "[]", "192.168.12.9"), (beta, '["192.168.20.2/24"]', "192.168.12.10")):
        told = effective(box)
        assert "ports.guests.vlan = 20  # cluster.toml: ports.guests.vlan" in told
        assert f"ports.guests.addresses = {own}  # " in told
        assert f'hosts = ["{watched}"]  # cluster.toml, with nodes.{box.name}.variables' in told
    for box, last in ((alpha, 141), (beta, 142)):
        done = box.hactl("config", "move-to-node")
        assert done.returncode == 0, done.stderr
        assert f"192.168.12.{last}" in (box.state / "node.toml").read_text()
    assert head(alpha) == head(beta)
    assert "addresses]" not in cluster(alpha)


def test_what_the_other_node_lacks_is_refused_here(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert beta.hactl("config", "sync", "--from-peer", "--yes").returncode == 0
    (alpha.folder / "wrong.toml").write_text(CLUSTER + MORE.replace('watched = "192.168.12.10"', ""))
    done = alpha.hactl("config", "apply", str(alpha.folder / "wrong.toml"))
    assert done.returncode == 1
    assert 'ping_groups[0].hosts[0]: as node beta has it: there is no variable "watched"' in done.stderr
    (alpha.folder / "wrong.toml").write_text((CLUSTER + MORE).replace("nodes.beta", "nodes.betta"))
    done = alpha.hactl("config", "apply", str(alpha.folder / "wrong.toml"))
    assert done.returncode == 1
    assert 'nodes: "betta" is the name of no node: did you mean beta?' in done.stderr
    assert cluster(alpha) == CLUSTER


def test_a_vlan_whose_parent_the_other_box_lacks_changes_neither(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    alpha.apply(CLUSTER)
    assert beta.hactl("config", "sync", "--from-peer", "--yes").returncode == 0
    own = alpha.state / "node.toml"
    own.write_text(own.read_text() + '[ports.trunk]\nmac = "52:54:00:48:0a:09"\n')
    new = alpha.folder / "new.toml"
    new.write_text(f'{CLUSTER}[ports.guests]\nparent = "trunk"\nvlan = 20\n')
    new.write_text(new.read_text().replace('name = "office"', 'name = "office"\nsync = "on-apply"'))
    done = alpha.hactl("config", "apply", str(new))
    assert done.returncode == 1
    assert 'ports.guests.parent: there is no port "trunk"' in done.stderr
    assert [cluster(box) for box in boxes] == [CLUSTER, CLUSTER]
