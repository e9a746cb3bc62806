"""Words of keepalived's that always come to the same: what is said of them, and what to do instead."""

from collections.abc import Iterable, Mapping

from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.values import shown
from hadaemon.keepalived.report import Fate, Findings
from hadaemon.keepalived.tree import Statement

Said = tuple[Fate, str, str]
"""What came of it, the sentence, and what to do."""

_TUNING = "how the program runs (priorities, buffers, logs, files): hadaemon sees to that itself"
_ANNOUNCED = (
    "when virtual addresses are announced cannot be set: at once, four times more within five seconds, and "
    "every minute from then on"
)
_IGNORED: Said = (Fate.CARRIED, _TUNING, "")
_ARP: Said = (Fate.CHANGED, _ANNOUNCED, "")
_EVENTS: Said = (
    Fate.LOST,
    "there are events for the states of a node alone",
    "name a program in [[hooks]] (docs/checks.md#hooks), and have alarms sent (docs/alarms.md)",
)
_STARTS: Said = (
    Fate.LOST,
    "nothing is run before the daemon begins, or after it has ended",
    'what the end concerns: [[hooks]] with on = ["off"] (docs/checks.md#hooks)',
)
_BFD: Said = (
    Fate.LOST,
    "there are no BFD sessions: the nodes hear from each other over the hotwire",
    "track what is behind another link by [[ping_groups]], a route by [[tracked_routes]]",
)
_STRICT_ADVERTS: Said = (Fate.CHANGED, "what an active node answers to a losing one follows RFC 9568", "")

_GARP = ("delay", "repeat", "refresh", "refresh_repeat")

OF_INSTANCES: Mapping[str, Said] = {
    **{f"garp_master_{word}": _ARP for word in _GARP},
    **dict.fromkeys(("garp_lower_prio_delay", "garp_lower_prio_repeat", "garp_extra_if"), _ARP),
    **dict.fromkeys(("vmac_garp_intvl",), _ARP),
    **dict.fromkeys(("notify_deleted", "notify_master_rx_lower_pri"), _EVENTS),
    "track_bfd": _BFD,
    **dict.fromkeys(("lower_prio_no_advert", "higher_prio_send_advert"), _STRICT_ADVERTS),
    **dict.fromkeys(("debug", "kernel_rx_buf_size", "notify_priority_changes"), _IGNORED),
    **dict.fromkeys(("skip_check_adv_addr", "promote_secondaries", "native_ipv6"), _IGNORED),
    **dict.fromkeys(("check_unicast_src", "unicast_ttl", "old_unicast_checksum", "vmac_xmit_base"), _IGNORED),
    **dict.fromkeys(("thread_timer_expired", "timer_expired_backup"), _IGNORED),
    "dont_track_primary": (
        Fate.CHANGED,
        "a lost link of an HA interface always counts",
        "nothing, if that is right; else leave the port out of [[ha_interfaces]]",
    ),
    "linkbeat_use_polling": (Fate.CHANGED, "links are followed by the kernel's messages, not polled", ""),
    "mcast_dst_ip": (
        Fate.LOST,
        "advertisements go to the standard group alone, 224.0.0.18 and ff02::12",
        "see that no other router on that network uses the same VRID",
    ),
    "virtual_rules": (
        Fate.LOST,
        "rules for choosing a routing table (ip rule) are not read",
        "write them as [[policy_routes]]: docs/network.md#routes-by-policy",
    ),
    "use_ipvlan": (Fate.LOST, "addresses are on the port itself, on no ipvlan interface", ""),
    "use_vmac_addr": (
        Fate.CHANGED,
        "vrrp.virtual_mac counts for all HA interfaces or for none",
        "look at it in cluster.toml",
    ),
    "vrf": (Fate.LOST, "there are no VRFs", "route by destination with [[routes]]"),
    "lvs_sync_daemon_interface": (
        Fate.LOST,
        "there is no LVS (IPVS) in the image",
        "balance with HAProxy, whose stick tables are told to the other node (docs/services.md#haproxy)",
    ),
    "down_timer_adverts": (
        Fate.CHANGED,
        "the other node takes over after 3 to 4 missed advertisements (RFC 9568), always",
        "change vrrp.advertisement_interval, if that is too soon or too late",
    ),
    "no_virtual_ipaddress": (Fate.LOST, "an HA interface has virtual addresses", "name them"),
    "unicast_fault_no_peer": _IGNORED,
    "owner_ignore_adverts": _STRICT_ADVERTS,
    "track_src_ip": (
        Fate.CHANGED,
        "an HA interface that has no own address to speak from counts as a lost link, always",
        "",
    ),
    "global_tracking": _IGNORED,
    "sync_group_tracking_weight": _IGNORED,
}
"""Of vrrp_instance and vrrp_sync_group. What has a meaning of its own is read by its reader."""

_KINDS = ("vrrp", "checker", "bfd")
"""keepalived's processes, which have such settings each."""
_PROCESS = (
    "priority",
    "no_swap",
    "rt_priority",
    "cpu_affinity",
    "process_name",
    "rlimit_rttime",
    "rlimit_rtime",
)
_BUFFERS = ("rcv_bufs", "rcv_bufs_force")
_TUNED = (
    *(f"{kind}_{word}" for kind in _KINDS for word in _PROCESS),
    *(
        f"{kind}_netlink_{what}_{word}"
        for kind in ("vrrp", "lvs")
        for what in ("cmd", "monitor")
        for word in _BUFFERS
    ),
    *(f"process_monitor_{word}" for word in _BUFFERS),
    *("vrrp_rx_bufs_policy", "vrrp_rx_bufs_multiplier", "max_auto_priority", "min_auto_priority_delay"),
    *("vrrp_skip_check_adv_addr", "vrrp_check_unicast_src", "vrrp_notify_priority_changes", "random_seed"),
    *(
        "tmp_config_directory",
        "config_save_dir",
        "use_symlink_paths",
        "umask",
        "include_check",
        "json_version",
    ),
    *("process_name", "process_names", "state_file_location", "stats_file_location", "json_file_location"),
    *("data_use_instance", "reload_check_config", "reload_time_file", "reload_repeat", "reload_file"),
    *("iproute_usr_dir", "iproute_etc_dir", "vmac_prefix", "vmac_addr_prefix", "log_unknown_vrids"),
    *(
        "disable_local_igmp",
        "dynamic_interfaces",
        "fifo_write_vrrp_states_on_reload",
        "enable_script_security",
    ),
    *("set_supplementary_groups", "startup_script_timeout", "shutdown_script_timeout", "use_pid_dir"),
    *("child_wait_time", "instance"),
)
"""What is about the program itself."""
USER: Said = (
    Fate.CHANGED,
    "programs run as the user hotspare-program, without any right",
    "see that they need none (docs/checks.md#programs)",
)
"""Of whoever names the user of a program."""
_ACCEPT: Said = (Fate.CARRIED, "what keeps virtual addresses from being reached: vrrp.accept_mode", "")
_NAMESPACE: Said = (Fate.LOST, "everything is in the one network of the box", "")

OF_GLOBALS: Mapping[str, Said] = {
    **dict.fromkeys(_TUNED, _IGNORED),
    **dict.fromkeys(("vrrp_iptables", "vrrp_ipsets"), _ACCEPT),
    **{f"nftables{word}": _ACCEPT for word in ("", "_priority", "_counters", "_ifindex")},
    "script_user": USER,
    **{f"vrrp_{word}": said for word, said in OF_INSTANCES.items() if said in (_ARP, _STRICT_ADVERTS)},
    **dict.fromkeys(("vrrp_garp_interval", "vrrp_gna_interval", "vrrp_min_garp"), _ARP),
    "vrrp_down_timer_adverts": OF_INSTANCES["down_timer_adverts"],
    "vrrp_mcast_group4": OF_INSTANCES["mcast_dst_ip"],
    "vrrp_mcast_group6": OF_INSTANCES["mcast_dst_ip"],
    **dict.fromkeys(("startup_script", "shutdown_script"), _STARTS),
    **dict.fromkeys(("notify_fifo", "notify_fifo_script", "vrrp_notify_fifo"), _EVENTS),
    "vrrp_notify_fifo_script": _EVENTS,
    **dict.fromkeys(
        (
            *("enable_traps", "snmp_socket", "enable_snmp_vrrp", "enable_snmp_keepalived", "enable_snmp_rfc"),
            *(
                "enable_snmp_rfcv2",
                "enable_snmp_rfcv3",
                "enable_snmp_checker",
                "snmp_rs_stats_update_interval",
            ),
            "snmp_vs_stats_update_interval",
        ),
        (Fate.LOST, "there is no SNMP", "ask `hactl status --json`, and have alarms sent (docs/alarms.md)"),
    ),
    **dict.fromkeys(
        ("enable_dbus", "dbus_service_name", "dbus_no_interface_name"),
        (Fate.LOST, "there is no D-Bus interface", "ask `hactl status --json`"),
    ),
    **dict.fromkeys(
        ("vrrp_startup_delay", "vrrp_delay_after_boot"),
        (
            Fate.CHANGED,
            "a node that has just started listens until it knows who is active; there is no delay to set",
            "",
        ),
    ),
    **dict.fromkeys(("net_namespace", "net_namespace_ipvs", "namespace_with_ipsets"), _NAMESPACE),
    "no_email_faults": (
        Fate.CHANGED,
        "a fault is an alarm like others",
        "choose what is sent with alarms.minimum (docs/alarms.md)",
    ),
    "linkbeat_use_polling": OF_INSTANCES["linkbeat_use_polling"],
    **dict.fromkeys(
        (
            *(
                "lvs_sync_daemon",
                "lvs_notify_fifo",
                "lvs_notify_fifo_script",
                "lvs_flush",
                "lvs_flush_on_stop",
            ),
            *("lvs_timeouts", "smtp_alert_checker", "no_checker_emails", "checker_log_all_failures"),
            *("rs_init_notifies", "nftables_ipvs", "nftables_ipvs_priority", "nftables_ipvs_start_fwmark"),
        ),
        OF_INSTANCES["lvs_sync_daemon_interface"],
    ),
    "smtp_helo_name": (Fate.CHANGED, "mail is sent with the name of the node", ""),
    "smtp_connect_timeout": (Fate.CHANGED, "what cannot be sent is tried again, up to every 15 minutes", ""),
}
"""Of global_defs."""

_LVS: Said = OF_INSTANCES["lvs_sync_daemon_interface"]

OF_BLOCKS: Mapping[str, Said] = {
    **dict.fromkeys(("virtual_server", "virtual_server_group", "real_server", "SSL"), _LVS),
    "bfd_instance": _BFD,
    **dict.fromkeys(("track_group", "linkbeat_interfaces", "garp_group"), _IGNORED),
    "garp_group": _ARP,
    **{
        word: OF_GLOBALS[word]
        for word in (
            *("net_namespace", "net_namespace_ipvs", "namespace_with_ipsets", "linkbeat_use_polling"),
            *("instance", "use_pid_dir", "child_wait_time", "random_seed"),
        )
    },
    "static_rules": OF_INSTANCES["virtual_rules"],
    "interface_up_down_delays": (
        Fate.LOST,
        "a lost link counts at once",
        "have one that is back count later with election.link_debounce",
    ),
}
"""Of blocks at the top."""

OF_OPTIONS: Mapping[str, int] = {
    "brd": 1,
    "broadcast": 1,
    "label": 1,
    "scope": 1,
    "peer": 1,
    "preferred_lft": 1,
    "track_group": 1,
    "home": 0,
    "-nodad": 0,
    "mngtmpaddr": 0,
    "noprefixroute": 0,
    "autojoin": 0,
    "no_track": 0,
    "use_vmac": 0,
}
"""Options of an address that say nothing here, and how many words each takes."""


def tell(each: Statement, known: Mapping[str, Said], all_words: Iterable[str], findings: Findings) -> None:
    """Tells what is always said of this word; of one that nobody knows, that."""
    said = known.get(each.keyword)
    if said is None:
        hint = did_you_mean(each.keyword, all_words, "")
        todo = hint if hint.startswith("did you") else "look it up in keepalived.conf(5)"
        findings.lost(each.place, f"{shown(each.keyword)} is no word that is known here", todo)
        return
    fate, what, todo = said
    if fate is Fate.CARRIED:
        findings.carried(each.place, what)
    elif fate is Fate.CHANGED:
        findings.changed(each.place, f"{each.keyword}: {what}", todo)
    else:
        findings.lost(each.place, f"{each.keyword}: {what}", todo)
