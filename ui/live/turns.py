"""Who may use the networks: one at a time; what takes long lets others go first, but some of them only."""

from __future__ import annotations

import threading
from types import TracebackType

_MOST_PASSED = (
    4  # turns of others while a patient thread waits: in a crowd somebody always wants one
)


class Turns:
    """A lock that patient threads get when no other wants it, or after four turns of others.

    Not to be taken twice by one thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_taken = False
        self._waiting = 0  # impatient ones
        self._patient = 0  # that wait
        self._passed = 0  # turns of others while they did
        self._of_thread = threading.local()

    @property
    def is_patient(self) -> bool:
        """Whether this thread lets others go first."""
        return getattr(self._of_thread, "is_patient", False)

    @is_patient.setter
    def is_patient(self, value: bool) -> None:
        self._of_thread.is_patient = value

    @property
    def _is_due(self) -> bool:
        """Whether a patient thread is the next."""
        return self._patient > 0 and self._passed >= _MOST_PASSED

    def __enter__(self) -> None:
        with self._changed:
            if self.is_patient:
                self._patient += 1
                self._changed.wait_for(
                    lambda: not self._is_taken and (self._is_due or not self._waiting)
                )
                self._patient -= 1
                self._passed = 0
            else:
                self._waiting += 1
                self._changed.wait_for(lambda: not self._is_taken and not self._is_due)
                self._waiting -= 1
                self._passed += self._patient > 0
            self._is_taken = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._is_taken = False
            self._changed.notify_all()


computing = Turns()  # torch uses all cores anyway
