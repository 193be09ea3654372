/* Pairing by code and QR, binding to a vehicle, retiring with a second question. */

import { patch, post } from "./api.js";
import { $, debounce, el } from "./dom.js";
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

function outcome(answer) {
  const lines = [
    plural(answer.new, t("{n} entry is new."), t("{n} entries are new.")),
    plural(answer.known, t("{n} was known already."), t("{n} were known already.")),
    plural(answer.blobs, t("{n} file is here."), t("{n} files are here.")),
  ];
  if (answer.held) lines.push(plural(answer.held, t("{n} entry waits for your decision."), t("{n} entries wait for your decision.")));
  if (answer.missing_blobs.length) lines.push(plural(answer.missing_blobs.length, t("{n} file is missing; the phone may still have it."), t("{n} files are missing; the phone may still have them.")));
  return lines;
}

// Without an Idempotency-Key: the import is the same twice, and a key would keep the file in memory.
async function bring(file) {
  const answer = await fetch("/api/v1/imports/outbox", {
    method: "POST", credentials: "same-origin", body: file,
    headers: { Accept: "application/json", "Content-Type": "application/zip" },
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

$("#outbox-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = $("#outbox-send"), said = $("#outbox-said");
  button.disabled = true;
  said.textContent = t("The file is being read …");
  try {
    said.replaceChildren(...outcome(await bring($("#outbox-file").files[0])).map((line) => el("p", {}, line)));
  } catch (problem) {
    said.textContent = problem instanceof TypeError ? t("No connection to the server. Nothing was changed.") : problem.message;
  } finally {
    button.disabled = false;
  }
});

$("#outbox").addEventListener("close", () => {
  $("#outbox-form").reset();
  $("#outbox-said").textContent = "";
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
  if (holds === "" || Number(holds) > 0) {
    const sure = await confirmStep({
      title: holds === "" ? t("Something may still be on this device") : t("Something is still on this device"), danger: true, yes: stolen ? t("Report stolen all the same") : t("Retire all the same"),
      text: holds === "" ? t("It never said what it still holds. What is on it stays there and may be lost with it.") : plural(Number(holds), t("By its own report {n} entry on it has not reached the server. It stays on the device and may be lost with it."),
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
