"""Routes of vehicles and Carriers."""

from server.core import http
from server.core.http import InClock, InReads, InWriter, Who, needs
from server.fleet import queries, service, wire
from shared.ids import CarrierId, VehicleId

router = http.router("/api/v1", tags=["fleet"])
READ, WRITE = needs("fleet", "read"), needs("fleet", "write")


@router.get("/vehicles", openapi_extra=READ)
def vehicles(who: Who, reads: InReads) -> wire.VehiclePage:
    """List the vehicles."""
    rows = reads.run(lambda session: queries.vehicles(session, who))
    return wire.VehiclePage(items=[wire.vehicle_out(row) for row in rows])


@router.post("/vehicles", status_code=201, openapi_extra=WRITE)
def add_vehicle(
    body: wire.NewVehicle, who: Who, writer: InWriter, clock: InClock
) -> wire.VehicleOut:
    """Add a vehicle."""
    given, now = body.model_dump(exclude_unset=False), clock.now()
    row = writer.run(lambda session: service.add_vehicle(session, who, given, now=now))
    return wire.vehicle_out(row)


@router.patch("/vehicles/{vehicle_id}", openapi_extra=WRITE)
def change_vehicle(
    vehicle_id: VehicleId, body: wire.VehicleChange, who: Who, writer: InWriter, clock: InClock
) -> wire.VehicleOut:
    """Change a vehicle."""
    changed, now = body.model_dump(exclude_unset=True), clock.now()
    row = writer.run(lambda s: service.change_vehicle(s, who, vehicle_id, changed, now=now))
    return wire.vehicle_out(row)


@router.get("/carriers", openapi_extra=READ)
def carriers(who: Who, reads: InReads) -> wire.CarrierPage:
    """List the Carriers."""
    rows = reads.run(lambda session: queries.carriers(session, who))
    return wire.CarrierPage(items=[wire.carrier_out(row) for row in rows])


@router.post("/carriers", status_code=201, openapi_extra=WRITE)
def add_carrier(
    body: wire.NewCarrier, who: Who, writer: InWriter, clock: InClock
) -> wire.CarrierOut:
    """Add a Carrier."""
    given, now = body.model_dump(exclude_unset=False), clock.now()
    row = writer.run(lambda session: service.add_carrier(session, who, given, now=now))
    return wire.carrier_out(row)


@router.patch("/carriers/{carrier_id}", openapi_extra=WRITE)
def change_carrier(
    carrier_id: CarrierId, body: wire.CarrierChange, who: Who, writer: InWriter, clock: InClock
) -> wire.CarrierOut:
    """Change a Carrier."""
    changed, now = body.model_dump(exclude_unset=True), clock.now()
    row = writer.run(lambda s: service.change_carrier(s, who, carrier_id, changed, now=now))
    return wire.carrier_out(row)
