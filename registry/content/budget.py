"""How much of the worker's time what is derived may cost (derived.py)."""

from collections.abc import Callable
from dataclasses import dataclass

from registry.content import sandbox
from registry.content.sandbox import SandboxBusy, SandboxError, SandboxTimeout

VERSION_SECONDS = 20.0  # for all texts of a version, and its inspection


class OverBudget(SandboxError):
    sentence = (
        f"The files of this version take more than {VERSION_SECONDS:.0f} seconds."
    )


@dataclass
class Budget:
    """What may be spent in a lane of the worker: on one text, and on all together.

    is_last: whether there is no other round for what took too long.
    """

    lane: str
    text_seconds: float
    seconds: float
    is_last: bool = False

    def made(self, make: Callable, *args, instead: Callable[[str], object]):
        """``make(*args, **options of sandbox.run)``, within the budget.

        Where that fails it is ``instead(reason)``; or None, if it wants more time and
        there is another round.
        """
        timeout = min(self.text_seconds, self.seconds)
        meter = sandbox.Meter()
        try:
            if timeout <= 0:
                raise OverBudget()
            return make(*args, timeout=timeout, lane=self.lane, meter=meter)
        except SandboxBusy:
            raise
        except (SandboxTimeout, OverBudget) as error:
            if not self.is_last:
                return None
            is_cut = timeout < self.text_seconds
            return instead(OverBudget.sentence if is_cut else str(error))
        except SandboxError as error:
            return instead(str(error))
        finally:
            self.seconds -= meter.seconds
