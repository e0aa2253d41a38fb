"""Speculate, then commit: the reply that is being made before it is known whether the visitor has finished."""

from collections.abc import Callable

from services.session.effects import Effect, Publish
from services.session.play_events import Brief
from services.session.speech import Speech, Times
from services.session.words import words
from shared.events import Heard, ReplyRequest, TurnDiscarded


def discard(speech: Speech) -> Publish:
    """Nobody waits for it any more: no stage need go on with it."""
    return Publish(TurnDiscarded(discarded_turn=speech.turn, discarded_rev=speech.rev))


class Guesses:
    """At most one reply is in the making. Collects effects in `out`."""

    def __init__(self, max_guesses: int, language: str, out: list[Effect], new_turn: Callable[[], int]) -> None:
        self._max_guesses = max_guesses
        self._language = language
        self._out = out
        self._new_turn = new_turn
        self.reply: Speech | None = None
        self.asked_for_words = False
        """The request in the making wants a reply, not only signals."""
        self._tries = 0

    def ask(
        self, utterance: int, said: str, brief: Brief, history: tuple[Heard, ...], now: float, *, is_guess: bool
    ) -> Speech | None:
        """Ask for a reply to `said`, unless the one in the making answers the same words.

        Returns:
            The reply in the making; None if there have been enough guesses at this utterance.
        """
        reply = self.reply
        if reply and reply.utterance == utterance:
            if words(reply.visitor_said) == words(said) and self.asked_for_words >= brief.wants_reply:
                return reply
            if is_guess and self._tries >= self._max_guesses:
                return None
            self._tries += 1
            self._out.append(discard(reply))
            reply = _next_revision(reply, said)
        elif is_guess and not self._max_guesses:
            return None
        else:
            self.drop()
            self._tries = 1
            reply = Speech(
                turn=self._new_turn(),
                kind="reply",
                utterance=utterance,
                unheard=reply.utterance if reply else 0,
                visitor_said=said,
            )
        reply.times.asked_at = now
        self.reply, self.asked_for_words = reply, brief.wants_reply
        self._out.append(Publish(self._request(reply, brief, history, is_guess=is_guess)))
        return reply

    def is_unheard(self, utterance: int) -> bool:
        """Whether that was to be answered, and nothing of the answer has left for the loudspeaker: it waits, or the visitor went on."""
        return self.reply is not None and utterance in (self.reply.utterance, self.reply.unheard)

    def commit(self) -> None:
        """The visitor has finished and this answers them."""
        if self.reply:
            self.reply.is_committed = True

    def drop(self) -> None:
        """Nobody will hear it."""
        if self.reply:
            self._out.append(discard(self.reply))
        self.reply = None

    def forget(self) -> None:
        """It is on its way out, or an epoch has ended it: it is no longer ours."""
        self.reply = None

    def _request(self, reply: Speech, brief: Brief, history: tuple[Heard, ...], *, is_guess: bool) -> ReplyRequest:
        return ReplyRequest(
            turn=reply.turn,
            rev=reply.rev,
            seq=reply.rev + 1,
            utterance=reply.utterance,
            said=reply.visitor_said,
            language=self._language,
            prompt=brief.prompt,
            history=history,
            signals=brief.signals,
            wants_reply=brief.wants_reply,
            is_guess=is_guess,
            expects=brief.expects,
        )


def _next_revision(reply: Speech, said: str) -> Speech:
    return Speech(
        turn=reply.turn,
        kind="reply",
        rev=reply.rev + 1,
        utterance=reply.utterance,
        unheard=reply.unheard,
        visitor_said=said,
        times=Times(visitor_ended_at=reply.times.visitor_ended_at),
    )
