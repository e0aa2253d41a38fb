"""When the machine is free for what nobody waits for yet. Pure: control events in, an instant out.

Hearing, answering and the picture share the cores with the engine. A line that is rendered while somebody speaks costs the
next answer more than it will ever save.
"""

import math

from shared.events import AnyEvent, MirrorSpeaking, VisitorSpeaking

ANSWER_S = 2.5
"""After the visitor's last word everything belongs to the answer until it sounds; for so long, if none comes."""


class Lull:
    """Of one visit."""

    def __init__(self) -> None:
        self.begins = 0.0
        """Host clock, seconds: from then on there is time. inf while the visitor speaks."""

    def note(self, event: AnyEvent) -> bool:
        """Take in what is overheard; True if it concerned who speaks."""
        match event:
            case VisitorSpeaking():
                self.begins = math.inf if event.is_speaking else event.at + ANSWER_S
            case MirrorSpeaking(is_speaking=True) if self.begins < math.inf:
                self.begins = min(self.begins, event.at)
            case _:
                return False
        return True
