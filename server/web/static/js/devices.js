/* Pairing by code and QR, binding to a vehicle, retiring with a second question. */

import { patch, post } from "./api.js";
import { $, debounce } from "./dom.js";
import { live } from "./live.js";
import { confirmStep, failed, told } from "./messages.js";
import { refresh } from "./shell.js";
import { store } from "./store.js";
import { countdown, now, tick } from "./times.js";
import { plural, t } from "./words.js";

const LIST = "#devices-list";

function grouped(code) {
  return code.length === 8 ? `${code.slice(0, 4)} ${code.slice(4)}` : code;
}

$("#pair-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = $("#pair-make");
  button.disabled = true;
  try {
    const made = await post("/api/v1/devices/pair-codes", {
      name: $("#pair-name").value.trim(), vehicle_id: $("#pair-vehicle").value || null, device_id: null,
    });
    $("#pair-ask").hidden = true;
    $("#pair-shown").hidden = false;
    button.hidden = true;
    $("#pair-code").textContent = grouped(made.code);
    $("#pair-qr").src = `/devices/qr.svg?text=${encodeURIComponent(made.qr)}`;
    tick($("#pair-until"), (node) => {
      const left = made.expires - now();
      node.textContent = left > 0 ? t("Works once, for another {time}.", { time: countdown(left) }) : t("This code has expired. Close and make a new one.");
    });
  } catch (problem) {
    failed(problem);
  } finally {
    button.disabled = false;
  }
});

$("#pair").addEventListener("close", () => {
  $("#pair-ask").hidden = false;
  $("#pair-shown").hidden = true;
  $("#pair-make").hidden = false;
  $("#pair-code").textContent = "";
  refresh(LIST);
});

function edit({ device, name, vehicle }) {
  $("#edit-name").value = name;
  $("#edit-vehicle").value = vehicle;
  $("#edit-form").dataset.device = device;
  $("#edit").showModal();
}

$("#edit-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await patch(`/api/v1/devices/${event.target.dataset.device}`, {
      name: $("#edit-name").value.trim(), vehicle_id: $("#edit-vehicle").value || null,
    });
    $("#edit").close();
    refresh(LIST);
  } catch (problem) {
    failed(problem);
  }
});

async function end({ device, name, holds, act }) {
  const stolen = act === "stolen";
  const lines = [stolen
    ? t("{name} is locked at once: its rows and its token are deleted when it next speaks to the server.", { name })
    : t("{name} gets no more runs. What it still sends is kept and held for you.", { name })];
  const reason = await confirmStep({
    title: stolen ? t("Report {name} stolen", { name }) : t("Retire {name}", { name }),
    text: lines, yes: stolen ? t("Report stolen") : t("Retire"), danger: true, input: t("Reason"), required: true,
  });
  if (reason === null) return;
  if (Number(holds) > 0) {
    const sure = await confirmStep({
      title: t("Something is still on this device"), danger: true, yes: stolen ? t("Report stolen all the same") : t("Retire all the same"),
      text: plural(Number(holds), t("By its own report {n} entry on it has not reached the server. It stays on the device and may be lost with it."),
        t("By its own report {n} entries on it have not reached the server. They stay on the device and may be lost with it.")),
    });
    if (!sure) return;
  }
  try {
    await post(`/api/v1/devices/${device}/state`, { state: act, reason });
    told(stolen ? t("{name} is locked.", { name }) : t("{name} is retired.", { name }));
    location.reload();
  } catch (problem) {
    failed(problem);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  if (button.dataset.act === "edit") edit(button.dataset);
  else end(button.dataset);
});

live(["devices"]);
const again = debounce(() => { if (!document.querySelector("dialog[open]")) refresh(LIST); }, 1500);
let first = true;
store.watch((changed) => {
  if (!changed.has("device")) return;
  if (!first) again();
  first = false;
});
