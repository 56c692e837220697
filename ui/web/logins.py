"""Wrong logins: a few are let through, and then one has to wait."""

from __future__ import annotations

import time
from collections import OrderedDict, deque

MOST, WITHIN = 10, 60.0  # wrong logins of one address in so many seconds
_REMEMBERED = 10_000  # addresses


class Logins:
    """Counts wrong logins by the address that they come from."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Seconds that an address has to wait before it may try again; 0 when it need not."""
        wrong = self._wrong.get(address)
        if not wrong or len(wrong) < MOST:
            return 0
        return max(0, round(wrong[0] + WITHIN - time.monotonic() + 0.5))

    def was_wrong(self, address: str) -> None:
        """Note a wrong login."""
        self._wrong.setdefault(address, deque(maxlen=MOST)).append(time.monotonic())
        self._wrong.move_to_end(address)
        while len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)
