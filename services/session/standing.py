"""What stands at this moment of the visit: shown again to a kiosk that returns, done again after a restart. Pure."""

from services.session import play_events as pe
from services.session.play import Play
from services.session.speech import Speech
from shared import kiosk_wire as wire
from shared.events import SessionOpened


class Standing:
    """Of one visit. Follows what the director is told and what it orders."""

    def __init__(self, play: Play, opened: SessionOpened) -> None:
        self._opened = opened
        self._ends_at = opened.at + play.duration_s
        self.scene = wire.Scene(look="dark", session=opened.session, language=opened.language)
        self.line = wire.Line(text="")
        self.burst = 0
        """Number of the last camera burst."""
        self.wants_face = False
        """A burst was asked for and not judged yet."""
        self.unsaid: list[pe.SayLine] = []
        """Lines that were ordered and are not over."""
        self.ended = ""
        """Why the visit is over; empty while it goes on."""
        self.is_unanswered = False
        """A reply was ordered and is not over."""
        self.is_listening = False
        """What the visitor says is for the play."""

    def note_told(self, told: pe.Told) -> None:
        """What is over need not be done again."""
        match told:
            case pe.LineDone():
                self.unsaid = [order for order in self.unsaid if order.line != told.line]
            case pe.ReplyDone():
                self.is_unanswered = False
            case pe.Captured(what="face") | pe.CaptureRefused(what="face"):
                self.wants_face = False
            case _:
                pass

    def go_on_with(self, left: Speech | None) -> list[pe.SayLine]:
        """After a restart: the lines that must be asked for again; all but the one that was left sounding, and is said on."""
        orders, self.unsaid = self.unsaid, []
        is_line = left is not None and left.kind != "reply"
        said_on = next((order for order in orders if is_line and left and order.line == left.line), None)
        if left and said_on:
            left.kind, left.may_be_cut = "line", said_on.may_be_cut
            self.unsaid = [said_on]
        return [order for order in orders if order is not said_on]

    def note_order(self, order: pe.Order) -> None:
        """What was ordered stands until it is over."""
        match order:
            case pe.SayLine():
                self.unsaid.append(order)
            case pe.Answer():
                self.is_unanswered = True
            case pe.StartCapture(what="face"):
                self.burst += 1
                self.wants_face = True
            case pe.StopCapture(what="face"):
                self.wants_face = False
            case pe.EnterScene():
                self.is_listening = order.is_listening
                self.scene = wire.Scene(
                    look=order.look,
                    session=self._opened.session,
                    scene=order.scene,
                    language=self._opened.language,
                    ends_at=self._ends_at,
                )
            case pe.ShowLine():
                self.line = wire.Line(text=order.text)
            case pe.EndVisit():
                self.ended = order.reason
            case _:
                pass
