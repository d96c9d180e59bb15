"""Who may use the networks: one at a time, and what takes long waits for all that does not."""

from __future__ import annotations

import threading
from types import TracebackType


class Turns:
    """A lock that patient threads get only when no other wants it. Not to be taken twice by one thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_taken = False
        self._waiting = 0  # impatient ones
        self._of_thread = threading.local()

    @property
    def is_patient(self) -> bool:
        """Whether this thread lets others go first."""
        return getattr(self._of_thread, "is_patient", False)

    @is_patient.setter
    def is_patient(self, value: bool) -> None:
        self._of_thread.is_patient = value

    def __enter__(self) -> None:
        with self._changed:
            if self.is_patient:
                self._changed.wait_for(lambda: not self._is_taken and not self._waiting)
            else:
                self._waiting += 1
                self._changed.wait_for(lambda: not self._is_taken)
                self._waiting -= 1
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
