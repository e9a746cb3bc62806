"""What the daemon's parts ask of each other: which configuration counts today, and which session runs."""

from hadaemon.daemon.session import Session
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition, NodeState


class Today:
    """The daemon sets it, its parts read it."""

    def __init__(self) -> None:
        self.configuration = Configuration(Condition.UNCONFIGURED)
        self.session: Session | None = None
        """None: the node takes no part in a cluster."""

    @property
    def state(self) -> NodeState:
        """Of the node."""
        return self.session.state if self.session is not None else NodeState.OFF

    @property
    def absence(self) -> str:
        """Why there is no session."""
        return f"this node takes no part in a cluster: its configuration is {self.configuration.condition}"
