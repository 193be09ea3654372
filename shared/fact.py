"""What the bodies of all facts are made of: fields, lines, fix and proof."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from shared.gate import ARRAY_MAX, SAFE_INT_MAX, Label, Metres, Name, Seconds, Text, UuidText, Word

Lax = Strict(strict=False)
Big = Annotated[int, Field(ge=-SAFE_INT_MAX, le=SAFE_INT_MAX)]
By = Annotated[str, Field(pattern=r"^(driver|device|supervisor):[0-9a-f-]{36}$")]
Qty = Annotated[int, Field(ge=0, le=1_000_000)]
Lines = Annotated[list[Annotated[tuple[UuidText, Qty], Lax]], Field(max_length=ARRAY_MAX)]
ShortLine = Annotated[tuple[UuidText, Qty, Qty, Word], Lax]
Direction = Literal["load", "pickup", "unload", "return"]
Check = Annotated[tuple[Label, bool], Lax] | Annotated[tuple[Label, bool, Text], Lax]


class Body(BaseModel):
    """What one type of fact says; newer apps may say more, which is kept and not understood."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    type: ClassVar[str]


class Fix(Body):
    """Where the device was, on the road or on a floor plan."""

    lat_e7: Annotated[int, Field(ge=-900_000_000, le=900_000_000)] | None = None
    lon_e7: Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)] | None = None
    plan: UuidText | None = None
    x_cm: Annotated[int, Field(ge=-10_000_000, le=10_000_000)] | None = None
    y_cm: Annotated[int, Field(ge=-10_000_000, le=10_000_000)] | None = None
    acc_m: Metres | None = None
    age_s: Seconds | None = None
    mock: bool | None = None


class Proof(Body):
    """How taking over, handing over or failing is evidenced."""

    kind: Literal["delivery", "pickup", "failure"]
    method: Literal["signature", "photo", "pin", "locker", "none"]
    signer: Name | None = None
    signer_role: Name | None = None
    pin_ok: bool | None = None
    drop_point: Literal["safe_place", "neighbour", "locker", "curbside"] | None = None
    compartment: Name | None = None
    no_proof_reason: Text | None = None
