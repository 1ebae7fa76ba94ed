"""How often a role died lately, and what follows. Pure: the time is an argument.

Workers of one role that die together count once: a machine that is short of memory may kill all
eight edge workers at one blow, which is one event, while a role that can not live dies in rounds.
"""

from __future__ import annotations

WINDOW_S = 60.0
TOO_MANY = 5
TOGETHER_S = 1.0
FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0


class Deaths:
    """The rounds of deaths of each role within the last minute."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[tuple[float, set[int]]]] = {}

    def add(self, role: str, index: int, now_s: float) -> int:
        """How many rounds of deaths `role` has had in the last minute, this one included."""
        rounds = [
            (since, who) for since, who in self._rounds.get(role, []) if now_s - since < WINDOW_S
        ]
        if rounds and now_s - rounds[-1][0] < TOGETHER_S and index not in rounds[-1][1]:
            rounds[-1][1].add(index)
        else:
            rounds.append((now_s, {index}))
        self._rounds[role] = rounds
        return len(rounds)

    @staticmethod
    def delay_s(rounds: int) -> float:
        """Seconds to wait before the next start: 0.1, doubling, at most 5."""
        return min(LONGEST_DELAY_S, FIRST_DELAY_S * (1 << (rounds - 1)))

    @staticmethod
    def are_too_many(rounds: int) -> bool:
        """Whether the service has to end."""
        return rounds >= TOO_MANY
