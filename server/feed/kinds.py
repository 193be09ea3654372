"""The closed list of exceptions: how grave each is, and whether a person must tick it."""

from dataclasses import dataclass

from server.core.words import _

NOTICE, WARNING, ALARM = 1, 2, 3


@dataclass(frozen=True)
class Kind:
    """A kind of exception; with `tick` it stays until a person has settled it."""

    severity: int
    tick: bool = False


KINDS = {
    "at_risk": Kind(NOTICE),
    "late": Kind(WARNING),
    "late_departure": Kind(WARNING),
    "missed": Kind(ALARM),
    "overdue_return": Kind(WARNING),
    "silent": Kind(ALARM),
    "plan_not_seen": Kind(WARNING),
    "not_dispatched": Kind(ALARM),
    "off_plan": Kind(WARNING),
    "completed_after_cancel": Kind(WARNING, tick=True),
    "cancel_not_seen": Kind(WARNING, tick=True),
    "held_fact": Kind(WARNING),
    "result_conflict": Kind(WARNING, tick=True),
    "moved_after_done": Kind(WARNING, tick=True),
    "after_finish": Kind(NOTICE, tick=True),
    "disruption": Kind(WARNING, tick=True),
    "failed_visit": Kind(WARNING),
    "gate_overridden": Kind(WARNING, tick=True),
    "underload": Kind(NOTICE),
    "overload": Kind(ALARM),
    "dock_conflict": Kind(WARNING),
    "stock_out": Kind(ALARM),
    "over_supply": Kind(WARNING, tick=True),
    "lost_card": Kind(WARNING),
    "andon": Kind(ALARM),
    "notice_failed": Kind(WARNING),
    "review_due": Kind(NOTICE),
}


def titles() -> dict[str, str]:
    """What each kind is called, in the reader's language."""
    return {
        "at_risk": _("May come late"),
        "late": _("Comes late"),
        "late_departure": _("Has not left yet"),
        "missed": _("Departure missed"),
        "overdue_return": _("Not back yet"),
        "silent": _("Device is silent"),
        "plan_not_seen": _("New plan not seen"),
        "not_dispatched": _("Not dispatched"),
        "off_plan": _("Driven without a plan"),
        "completed_after_cancel": _("Done although cancelled"),
        "cancel_not_seen": _("Done before the cancellation arrived"),
        "held_fact": _("An entry waits for a decision"),
        "result_conflict": _("Two different results"),
        "moved_after_done": _("Moved, but done before"),
        "after_finish": _("Entries after the end of the run"),
        "disruption": _("Disruption reported"),
        "failed_visit": _("Stop failed"),
        "gate_overridden": _("Left with open points"),
        "underload": _("Hardly loaded"),
        "overload": _("Overloaded"),
        "dock_conflict": _("Dock conflict"),
        "stock_out": _("Station will run out"),
        "over_supply": _("Delivered twice"),
        "lost_card": _("Card is lost"),
        "andon": _("Andon"),
        "notice_failed": _("Notice not delivered"),
        "review_due": _("Review due"),
    }


def actions() -> dict[str, str]:
    """The one thing suggested for each kind, in the reader's language."""
    look, decide = _("Look at the run"), _("Compare both entries and settle")
    return {
        "at_risk": look,
        "late": _("Change the order or tell the customer"),
        "late_departure": _("Call the driver"),
        "missed": _("Start an extra run"),
        "overdue_return": _("Call the driver"),
        "silent": _("Call the driver"),
        "plan_not_seen": _("Call the driver"),
        "not_dispatched": _("Mend what blocks it and dispatch"),
        "off_plan": look,
        "completed_after_cancel": decide,
        "cancel_not_seen": decide,
        "held_fact": _("Attach, release or dismiss it"),
        "result_conflict": decide,
        "moved_after_done": decide,
        "after_finish": look,
        "disruption": look,
        "failed_visit": _("Plan another attempt"),
        "gate_overridden": look,
        "underload": _("Join it with another run"),
        "overload": _("Take load off"),
        "dock_conflict": _("Choose another door or time"),
        "stock_out": _("Send an extra run"),
        "over_supply": _("Count the station"),
        "lost_card": _("Find, reprint or retire it"),
        "andon": _("Acknowledge it"),
        "notice_failed": _("Send it again"),
        "review_due": _("Review the loop"),
    }
