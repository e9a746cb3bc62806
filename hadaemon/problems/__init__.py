"""What is wrong, as values: which problems there are, and one of them. Whoever finds one says which it is;
the lines of `hactl status`, the alarms and the manual's table follow from that, and no sentence is ever read.
"""

from hadaemon.problems.problem import Problem, other, unnamed
from hadaemon.problems.severity import Severity

__all__ = ["Problem", "Severity", "other", "unnamed"]
