"""From a filled sheet to the bodies of facts: pure, the screen and the store are elsewhere."""

from collections.abc import Sequence
from typing import Literal

from driver_app.actions.outcomes import Missing
from driver_app.state import CallView, DraftView, LineView, VisitView
from shared.events import StationDone
from shared.fact import Body, Proof
from shared.gate import NAME_MAX, NOTE_MAX, TEXT_MAX, clean
from shared.proof import PARTS, Evidence, lacking, method_of
from shared.road_facts import EmptiesTaken, StopCompleted, StopFailed, StopPartly

Method = Literal["signature", "photo", "pin", "locker", "none"]
DropPoint = Literal["safe_place", "neighbour", "locker", "curbside"]
DROP_POINTS: tuple[DropPoint, ...] = ("safe_place", "neighbour", "locker", "curbside")
METHODS: tuple[Method, ...] = ("signature", "photo", "pin", "locker", "none")
FAILURE_PARTS = ("photo", "note")
"""What a failed stop can still prove; nobody is there to sign."""
SHORT_REASON = "short"


def missing_of(
    visit: VisitView, draft: DraftView, *, confirmed: bool, failed: bool = False
) -> Missing | None:
    """What the stop demands and the sheet lacks; None if it may be saved."""
    levels = {part: level for part, level in visit.proof.items() if part in PARTS}
    if failed:
        levels = {part: level for part, level in levels.items() if part in FAILURE_PARTS}
    found = lacking(levels, evidence_of(visit, draft))
    if found.required or (found.warn and not confirmed):
        draft.missing = found.required
        return Missing(found.required, found.warn)
    return None


def evidence_of(visit: VisitView, draft: DraftView) -> Evidence:
    """What the sheet and the scans hold so far."""
    return Evidence(
        photos=sum(1 for file in draft.files if file.role in ("photo", "document")),
        signature=any(draft.strokes),
        signer=draft.signer,
        scans=sum(len(line.scanned) for line in visit.lines),
        expected_scans=sum(len(line.labels) for line in visit.lines),
        quantities=True,
        note=draft.note,
        drop_point=draft.drop_point or None,
        excuses=dict.fromkeys(PARTS, draft.no_proof_reason) if draft.no_proof_reason else None,
    )


def completion(visit: VisitView, draft: DraftView) -> list[Body]:
    """The result, partly when a line is short, and the empties that went with it."""
    proof = proof_of(visit, draft, "pickup" if _only_taken(visit.lines) else "delivery")
    note = clean(draft.note, NOTE_MAX) or None
    amounts = {str(line.id): _amount(line, draft) for line in visit.lines}
    short = [
        (str(line.id), amounts[str(line.id)], line.planned - amounts[str(line.id)], why)
        for line in visit.lines
        if amounts[str(line.id)] < line.planned
        for why in (draft.short.get(str(line.id)) or SHORT_REASON,)
    ]
    less = {entry[0] for entry in short}
    lines = [(id_, qty) for id_, qty in amounts.items() if id_ not in less]
    result: Body = StopCompleted(proof=proof, lines=lines, note=note)
    if short:
        result = StopPartly(proof=proof, lines=lines, short=short, note=note)
    return [result, *empties_of(draft)]


def failure(visit: VisitView, draft: DraftView) -> Body:
    """The result of a stop that could not be done."""
    return StopFailed(
        reason=draft.reason,
        proof=proof_of(visit, draft, "failure"),
        attempt=visit.attempt,
        note=clean(draft.note or draft.text, NOTE_MAX) or None,
    )


def proof_of(
    visit: VisitView, draft: DraftView, kind: Literal["delivery", "pickup", "failure"]
) -> Proof:
    """How it is evidenced, in the words of the fact."""
    return Proof(
        kind=kind,
        method=_method(visit, draft),
        signer=clean(draft.signer.strip(), NAME_MAX) or None,
        signer_role=clean(draft.signer_role.strip(), NAME_MAX) or None,
        pin_ok=draft.pin_ok,
        drop_point=next((one for one in DROP_POINTS if one == draft.drop_point), None),
        compartment=clean(draft.compartment.strip(), NAME_MAX) or None,
        no_proof_reason=clean(draft.no_proof_reason, TEXT_MAX) or None,
    )


def _method(visit: VisitView, draft: DraftView) -> Method:
    if draft.pin_ok:
        return "pin"
    if draft.drop_point == "locker":
        return "locker"
    found = method_of(evidence_of(visit, draft))
    return next((method for method in METHODS if method == found), "none")


def empties_of(draft: DraftView) -> list[Body]:
    """Empties given and taken with a stop."""
    given = [
        EmptiesTaken(container_type=kind, dir="given", qty=qty)
        for kind, qty in draft.given.items()
        if qty > 0
    ]
    taken = [
        EmptiesTaken(container_type=kind, dir="taken", qty=qty)
        for kind, qty in draft.taken.items()
        if qty > 0
    ]
    return [*given, *taken]


def station(visit: VisitView, draft: DraftView, calls: Sequence[CallView] = ()) -> Body:
    """One served station: what was left, which calls that fills, which empties were taken."""
    empties = [(kind, "taken", qty) for kind, qty in draft.taken.items() if qty > 0]
    empties += [(kind, "given", qty) for kind, qty in draft.given.items() if qty > 0]
    checks = [
        (task, True) if why == "" else (task, False, clean(why, TEXT_MAX))
        for task, why in draft.ticked.items()
    ]
    return StationDone.model_validate(
        {
            "delivered": [
                *((str(line.id), _amount(line, draft)) for line in visit.lines),
                *((call.id, n) for call in calls if (n := call_boxes(call, visit, draft)) > 0),
            ],
            "empties": empties,
            "checks": checks or None,
        }
    )


def call_boxes(call: CallView, visit: VisitView, draft: DraftView) -> int:
    """Boxes to leave for a call: as typed, else what it asks for, as far as it fits."""
    typed = [draft.qty[name] for name in sorted(call.names) if name in draft.qty]
    if typed:
        return max(0, typed[0])
    most = visit.max_boxes.get(call.part_no)
    return call.boxes if most is None else min(call.boxes, most)


def _only_taken(lines: Sequence[LineView]) -> bool:
    return bool(lines) and not any(line.drop for line in lines)


def _amount(line: LineView, draft: DraftView) -> int:
    """As typed, else as counted or scanned, else as planned."""
    typed = draft.qty.get(str(line.id))
    if typed is not None:
        return max(0, typed)
    return line.planned if line.done is None else line.done
