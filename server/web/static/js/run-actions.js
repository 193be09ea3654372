/* What can be done to a run besides dragging: one stop's menu, insert, delay, assign, dispatch, cancel. */

import { get, post } from "./api.js";
import { $, $$ } from "./dom.js";
import { snapshot } from "./live.js";
import { confirmStep, failed, told } from "./messages.js";
import { placeSearch } from "./places.js";
import { refresh } from "./shell.js";
import { isCurrent, isOpen } from "./states.js";
import { store } from "./store.js";
import { transfer } from "./transfer.js";
import { namesWorse } from "./what-if.js";
import { t } from "./words.js";

/** Wire the buttons of the page; `propose(op, title)` asks for the price before anything is saved. */
export function actions({ page, run, nameOf, shownOrder, propose }) {
  const base = `/api/v1/runs/${page.id}`;
  let chosen = null;

  function openMenu(id) {
    chosen = id;
    const stop = store.one("stop", id);
    $("#stop-menu-title").textContent = stop.name;
    const order = shownOrder().map((one) => one.id);
    $("#move-to").value = String(order.indexOf(id) + 1);
    $("#move-to").max = String(order.length);
    $("#stop-lock span").textContent = stop.lock ? t("Unlock its place") : t("Lock its place");
    $("#stop-menu").showModal();
  }

  $("#move-go").addEventListener("click", () => {
    $("#stop-menu").close();
    const rest = shownOrder().filter((stop) => stop.id !== chosen);
    const index = Math.max(0, Math.min(rest.length, Number($("#move-to").value) - 1));
    const before = rest[index - 1];
    const after = before && isOpen(before) && !isCurrent(before.state) ? before.id : null;
    propose({ op: "move", visit: chosen, after }, t("{name} to position {n}", { name: nameOf(chosen), n: index + 1 }));
  });
  $("#stop-lock").addEventListener("click", () => {
    $("#stop-menu").close();
    const locked = store.one("stop", chosen).lock;
    propose(locked ? { op: "unlock", visit: chosen } : { op: "lock", visit: chosen, as: "place" },
      locked ? t("unlock {name}", { name: nameOf(chosen) }) : t("lock {name}", { name: nameOf(chosen) }));
  });
  $("#stop-cancel").addEventListener("click", () => {
    $("#stop-menu").close();
    propose({ op: "cancel", visit: chosen }, t("cancel {name}", { name: nameOf(chosen) }));
  });

  $("#stop-transfer").addEventListener("click", async () => {
    $("#stop-menu").close();
    await transfer(page, run(), store.one("stop", chosen));
    await snapshot();
    await refresh("#history");
  });

  const find = placeSearch($("#insert-find"), $("#insert-places"), t("See the price"), (place) => {
    $("#insert").close();
    propose({ op: "insert", location_id: place.id }, t("insert {name}", { name: place.name }));
  });
  $("#assign-form")?.addEventListener("submit", () => {
    const [vehicle, driver] = [$("#assign-vehicle").value || null, $("#assign-driver").value || null];
    propose({ op: "assign", vehicle_id: vehicle, driver_id: driver }, t("assign vehicle and driver"));
  });
  $("#late-form")?.addEventListener("submit", () => {
    const minutes = Number($("#late-min").value);
    propose({ op: "late", delay_s: minutes * 60 }, t("delay of {n} min", { n: minutes }));
  });

  async function simple(path, body, said) {
    try {
      await post(`${base}/${path}`, body);
      if (said) told(said);
      await snapshot();
      await refresh("#history");
    } catch (problem) {
      if (path === "dispatch" && problem.code === "gate_blocked") return override(problem);
      failed(problem);
    }
    return undefined;
  }

  async function override(problem) {
    const reason = await confirmStep({ title: t("The departure is blocked"), text: problem.message, yes: t("Dispatch all the same"), danger: true, input: t("Reason"), required: true });
    if (reason === null) return;
    const gate = await get(`${base}/gate`);
    simple("dispatch", { overrides: gate.items.filter((one) => one.level === "block").map((one) => [one.item, reason]) }, t("Dispatched."));
  }

  async function better() {
    const button = $("[data-run=better]");
    button.disabled = true;
    try {
      const found = await post(`${base}/better`, {});
      if (found.stays.length) told(t("Even the best order breaks rules: {what}", { what: namesWorse(found.stays, nameOf).join(", ") }));
      if (!found.ops.length) return told(t("No better order was found."));
      const saved = Math.round(-found.delta_s / 60);
      return propose(found.ops, saved > 0 ? t("could save {n} min", { n: saved }) : t("another order"));
    } catch (problem) {
      return failed(problem);
    } finally {
      button.disabled = false;
    }
  }

  const ACTIONS = {
    better,
    insert: () => { $("#insert").showModal(); find(); },
    late: () => $("#late").showModal(),
    assign: () => {
      $("#assign-vehicle").value = run().vehicle || "";
      $("#assign-driver").value = run().driver || "";
      $("#assign").showModal();
    },
    dispatch: () => simple("dispatch", {}, t("Dispatched.")),
    recall: () => simple("recall", {}, t("Recalled.")),
    undo: async () => {
      const seen = run().acked >= run().plan_version;
      if (seen && !(await confirmStep({ title: t("Undo a plan the driver has seen?"), text: t("The driver has seen version {n}. Undo makes a new version and tells the driver.", { n: run().plan_version }), yes: t("Undo") }))) return;
      simple("undo", { expected_plan_version: run().plan_version }, t("Undone; a new version is saved."));
    },
    note: async () => {
      const text = await confirmStep({ title: t("Note to the driver"), text: [], yes: t("Send"), input: t("Note"), required: true });
      if (text) propose({ op: "note", text }, t("note to the driver"));
    },
    cancel: async () => {
      const reason = await confirmStep({ title: t("Cancel this run?"), text: t("The run disappears from the devices. What was done already stays."), yes: t("Cancel the run"), no: t("Keep the run"), danger: true, input: t("Reason"), required: true });
      if (reason) simple("cancel", { reason }, t("The run is cancelled."));
    },
  };
  for (const button of $$("[data-run]")) button.addEventListener("click", () => { button.closest("details")?.removeAttribute("open"); ACTIONS[button.dataset.run](); });
  return { open: openMenu };
}
