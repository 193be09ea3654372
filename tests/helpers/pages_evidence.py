"""Adds to a board what takes longer: a published loop, and a proof with photo and signature."""

import json
from datetime import date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from uuid import UUID

from PIL import Image, ImageDraw
from sqlmodel import Session, col, select

from server.blobs.queries import READY
from server.blobs.tables import BlobRow
from server.core.clock import to_ms
from server.core.http import Parts
from server.core.ids import new_id
from server.loops import service as loops
from server.plant import service as plant
from server.proofs.tables import ProofPart, ProofRow
from server.runs.tables import StopVisitRow
from server.travel import service as travel
from shared.departure import Departure
from shared.ids import LoopId, Sha256
from shared.loop import Loop, LoopVersion, Stop
from shared.plant_facts import AndonRaised
from shared.site import TimeWindow
from tests.helpers.pages import ROAD, Board

STROKES = [[[100, 700], [180, 300], [260, 720], [340, 320]], [[400, 600], [560, 420], [820, 560]]]


def add_loop(parts: Parts, board: Board) -> UUID:
    """Draw and publish a road loop of five stops, weekdays at 06:30 and 13:00."""
    now = parts.clock.now()
    given = Loop(code="L12", name="Grocery centre", kind="outbound")

    def work(session: Session) -> UUID:
        row = loops.create_loop(session, board.who, given, now=now)
        key = LoopId(row.id)
        made, _found = loops.write_draft(session, board.who, key, _version(board, now), now=now)
        loops.publish(
            session, board.who, key, made.version, valid_from=_tomorrow(board, now),
            legs_of=travel.legs, jobs=parts.jobs, now=now,
        )  # fmt: skip
        return row.id

    return parts.writer.run(work)


def _tomorrow(board: Board, now: datetime) -> date:
    return board.local(now + timedelta(days=1)).date()


def _version(board: Board, now: datetime) -> LoopVersion:
    home = board.places["Harbour Depot"]
    window = TimeWindow.model_validate({"start_local": "07:00", "end_local": "15:00"})
    stops = [
        Stop(
            location_id=board.places[name], windows=(window,), service_s=480,
            proof={"photo": "required", "signature": "warn"},
        )
        for name, _lat, _lon in ROAD[:5]
    ]  # fmt: skip
    times = ((1, "06:30", "Van 1", "Kaya Demir"), (2, "13:00", "Van 2", "Elina Virtanen"))
    return LoopVersion(
        rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", anchor_date=_tomorrow(board, now),
        start_location=home, end_location=home, stops=tuple(stops),
        departures=tuple(
            Departure.model_validate(
                {"departure_no": number, "time_local": at,
                 "vehicle_id": str(board.vehicles[vehicle]),
                 "driver_id": str(board.drivers[driver])}
            )
            for number, at, vehicle, driver in times
        ),
    )  # fmt: skip


def add_proof(parts: Parts, board: Board) -> UUID:
    """Give the first stop of a run a photo, a signature and a note."""
    now = parts.clock.now()
    photo, strokes = _photo(), json.dumps(STROKES).encode()
    shas = [Sha256(sha256(content).hexdigest()) for content in (photo, strokes)]
    for sha, content in zip(shas, (photo, strokes), strict=True):
        parts.blobs.append(sha, 0, content)
        parts.blobs.seal(sha, len(content))
    parts.blobs.keep_form(shas[0], "view.jpg", photo)
    parts.blobs.keep_form(shas[0], "thumb.jpg", photo)

    def work(session: Session) -> UUID:
        visit = session.exec(
            select(StopVisitRow)
            .where(
                col(StopVisitRow.run_id) == board.runs["L04 Grocery west"],
                col(StopVisitRow.fact_state) == "done",
            )
            .order_by(col(StopVisitRow.pos))
        ).first()
        assert visit is not None, "the run has served a stop"
        proof = _proof(board, visit, now)
        visit.proof_id = proof.id
        session.add(proof)
        _part(session, board, proof.id, shas[0], len(photo), role="photo", now=now)
        _part(session, board, proof.id, shas[1], len(strokes), role="signature", now=now)
        return proof.id

    return parts.writer.run(work)


def _proof(board: Board, visit: StopVisitRow, now: datetime) -> ProofRow:
    driver = board.drivers["Kaya Demir"]
    return ProofRow(
        site_id=board.site_id, id=new_id(now), run_id=visit.run_id, visit_id=visit.id,
        driver_id=driver, outcome="done", kind="delivery", method="signature", signer="J. Müller",
        signer_role="reception", note="Left beside the blue door.", lines=[], by=f"driver:{driver}",
        hlc=to_ms(now), reported_at=now - timedelta(minutes=30),
        received_at=now - timedelta(minutes=29), lat_e7=601831900, lon_e7=249220000, acc_m=9,
    )  # fmt: skip


def _part(
    session: Session, board: Board, proof_id: UUID, sha: str, size: int, *, role: str, now: datetime
) -> None:
    media = "image/jpeg" if role == "photo" else "application/json"
    session.add(
        BlobRow(
            site_id=board.site_id, sha=sha, size=size, media=media, role=role, done=True,
            done_ms=to_ms(now), look=READY if role == "photo" else None,
        )
    )  # fmt: skip
    session.add(
        ProofPart(
            site_id=board.site_id, id=new_id(now), proof_id=proof_id, role=role, sha=sha,
            media=media, size=size, by="driver", made_at=now - timedelta(minutes=30),
        )
    )  # fmt: skip


def _photo() -> bytes:
    """Four crates in front of a door, as far as a drawing goes."""
    image = Image.new("RGB", (1200, 900), "#b9c2c8")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 640, 1200, 900), fill="#7d7468")
    draw.rectangle((420, 120, 760, 660), fill="#2f5d7c")
    draw.ellipse((700, 390, 730, 420), fill="#d8c27a")
    for left, top in ((180, 520), (180, 660), (800, 560), (940, 660)):
        draw.rectangle(
            (left, top, left + 190, top + 130), fill="#c98f4b", outline="#7a5120", width=6
        )
        draw.line((left, top + 65, left + 190, top + 65), fill="#7a5120", width=4)
    content = BytesIO()
    image.save(content, "JPEG", quality=82)
    return content.getvalue()


def add_andon(parts: Parts, board: Board) -> None:
    """Raise an andon at a station."""
    now = parts.clock.now()
    fact = AndonRaised(
        andon=str(new_id(now)), category="material", severity=2,
        location=str(board.places["Line 2 left"]), text="P-118 runs out in 20 minutes",
    )  # fmt: skip
    parts.writer.run(lambda s: plant.raise_andon(s, board.person, fact, run_id=None, now=now))
