"""A queue that serves everybody in turn."""

import threading
from collections import deque
from collections.abc import Hashable


class Turns:
    """Who puts much in waits for it; others don't. For several threads."""

    def __init__(self):
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, deque] = {}  # by who put it in; next one first

    def put(self, who: Hashable, item) -> None:
        with self._changed:
            self._waiting.setdefault(who, deque()).append(item)
            self._changed.notify()

    def take(self, most: int = 1, timeout: float | None = None) -> list:
        """Up to ``most`` items, one of each who waits before anybody's second.

        timeout: seconds to wait for the first item; None is for ever. After that the
        list is empty.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, timeout)
            taken = []
            while self._waiting and len(taken) < most:
                who = next(iter(self._waiting))
                items = self._waiting.pop(who)
                taken.append(items.popleft())
                if items:
                    self._waiting[who] = items  # behind the others
            return taken
