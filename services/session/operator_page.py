"""What the operator's page is told, and what it may order."""

from typing import Any

from services.session.house import House
from services.session.kiosks import Kiosk
from services.session.play_events import OperatorSaid
from shared.errors import BadInput
from shared.events import TurnTimed

ACTIONS = ("hold", "resume", "skip", "stop", "wipe")


def operator_state(house: House) -> dict[str, Any]:
    """The whole picture, as JSON-able values. No words of the visitor are in it."""
    now = house.clock.now()
    kiosks = list(house.kiosks.values())
    traces = [(trace, kiosk.name) for kiosk in kiosks if kiosk.visit for trace in kiosk.visit.traces]
    receipts = [receipt for kiosk in kiosks for receipt in kiosk.receipts]
    return {
        "type": "state",
        "kiosks": [_kiosk(kiosk, now, house.play.duration_s) for kiosk in kiosks],
        "stages": house.board.rows(now),
        "turns": [_turn(*one) for one in sorted(traces, key=_when)[-20:]],
        "receipts": [
            {
                "session": receipt.session,
                "kiosk": receipt.kiosk,
                "at": receipt.at,
                "ago_s": round(now - receipt.at, 1),
                "keys_left": receipt.keys_left,
                "files_left": receipt.files_left,
                "reason": receipt.reason,
            }
            for receipt in sorted(receipts, key=lambda one: one.at)[-10:]
        ],
        "standby": house.charge.trouble,
        "bus": {"ok": not house.bus_trouble, "detail": house.bus_trouble},
        "script": {"id": house.play.id, "duration_s": house.play.duration_s},
    }


def _kiosk(kiosk: Kiosk, now: float, duration_s: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "kiosk": kiosk.name,
        "connected": kiosk.link.is_connected,
        "session": "",
        "look": kiosk.between.look,
        "scene": "",
        "elapsed_s": 0.0,
        "left_s": 0.0,
        "holding": False,
        "facts": [],
        "visitor_speaking": False,
        "mirror_speaking": False,
        "trouble": [f"{what}: {detail}" if detail else what for what, detail in kiosk.trouble.items()],
    }
    visit = kiosk.visit
    if visit and visit.conductor:
        view = visit.conductor.view()
        elapsed_s = now - visit.opened.at
        row |= {
            "session": visit.opened.session,
            "look": visit.conductor.standing.scene.look,
            "scene": view.scene,
            "elapsed_s": round(elapsed_s, 1),
            "left_s": round(max(0.0, duration_s - elapsed_s), 1),
            "holding": view.is_held,
            "facts": sorted(view.facts),
            "visitor_speaking": visit.conductor.turns.is_visitor_speaking,
            "mirror_speaking": visit.conductor.turns.is_sounding,
        }
    return row


def _when(turn: tuple[TurnTimed, str]) -> float:
    return max(turn[0].asked_at, turn[0].sounded_at)


def _turn(trace: TurnTimed, kiosk: str) -> dict[str, Any]:
    """Latency of one turn of a kiosk's visit by part, milliseconds: what was waited for, in the order in which it passed."""
    # A line comes when the play wants it, not because the visitor stopped speaking.
    begun = (trace.visitor_ended_at if trace.kind == "reply" else 0.0) or trace.asked_at
    parts = {
        "hearing": max(0.0, (trace.final_at or begun) - begun),
        "words and voice": max(0.0, trace.released_at - max(trace.final_at, begun)),
        "lead": max(0.0, trace.sounded_at - trace.released_at),
    }
    return {
        "kiosk": kiosk,
        "turn": trace.turn,
        "utterance": trace.utterance,
        "kind": trace.kind,
        "latency_ms": round(1000 * (trace.sounded_at - begun)) if trace.sounded_at else None,
        "parts": [{"name": name, "ms": round(1000 * seconds)} for name, seconds in parts.items()],
        "was_cut": False,
    }


def command(house: House, order: object) -> None:
    """Carry out what the operator pressed. Raises BadInput if it cannot be."""
    if not isinstance(order, dict) or order.get("type") != "command" or order.get("action") not in ACTIONS:
        raise BadInput(f"an order is {{type: command, kiosk, action}}, the action one of {', '.join(ACTIONS)}")
    kiosk = house.kiosks.get(str(order.get("kiosk")))
    if kiosk is None:
        raise BadInput(f"no kiosk {order.get('kiosk')!r}; there are {', '.join(house.kiosks) or 'none yet'}")
    action = str(order["action"])
    if action in ("stop", "wipe"):
        kiosk.end("operator")
        return
    visit = kiosk.visit
    if visit is None or visit.conductor is None:
        raise BadInput(f"kiosk {kiosk.name!r} has no visit to {action}")
    conductor = visit.conductor
    visit.act(lambda now: conductor.told(OperatorSaid(action=action), now))
