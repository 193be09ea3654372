/* The strip of things a supervisor must look at: what, whose, how old, and what to do. */

import { post } from "./api.js";
import { el, icon, reconcile } from "./dom.js";
import { confirmStep, failed } from "./messages.js";
import { andonCauses, andonWord, exceptionWord, reasonWord } from "./states.js";
import { store } from "./store.js";
import { age, exactTime, tick, time } from "./times.js";
import { plural, t } from "./words.js";

const LOOKS = { 1: "", 2: "warn", 3: "bad" };

async function act(item, body) {
  try {
    await post(`/api/v1/exceptions/${item.id}`, body);
    store.apply("exception", body.do === "settle" ? { id: item.id, gone: true } : { id: item.id, state: "taken" });
  } catch (problem) {
    failed(problem, () => act(item, body));
  }
}

async function settle(item) {
  const reason = await confirmStep({
    title: t("Settle: {what}", { what: exceptionWord(item.kind) }), text: about(item), yes: t("Settle"), input: t("What was done"), required: true,
  });
  if (reason !== null) act(item, { do: "settle", reason });
}

async function andon(item, verb) {
  let body = {};
  if (verb === "clear") {
    const cause = await confirmStep({ title: t("Clear the andon"), text: item.text, yes: t("Clear"), input: t("Cause"), choices: andonCauses(), required: true });
    if (cause === null) return;
    body = { cause };
  }
  try {
    await post(`/api/v1/andons/${item.id}/${verb}`, body);
    store.apply("andon", verb === "clear" ? { id: item.id, gone: true } : { id: item.id, acknowledged: true });
  } catch (problem) {
    failed(problem, () => andon(item, verb));
  }
}

function since(at) {
  const node = el("span", { class: "soft small nowrap", title: exactTime(at) });
  return tick(node, (n) => { n.textContent = age(at); });
}

/** What is known about it, in words: a sentence, how late, which reason, how many. */
function about(item) {
  const detail = item.detail || {};
  const why = Array.isArray(detail.why) ? detail.why.join(" ") : "";
  const words = [detail.text, why, detail.late_min && t("{n} min late", { n: detail.late_min }), detail.reason && reasonWord(detail.reason),
    detail.held && plural(detail.held, t("{n} entry waits"), t("{n} entries wait")), detail.minutes && t("for {n} min", { n: detail.minutes })];
  return words.filter(Boolean).join(", ");
}

const deviceName = (item) => store.one("device", item.subject_id)?.name || "";

function andonRow(item) {
  const what = item.category ? t("Andon: {what}", { what: andonWord(item.category) }) : t("Andon");
  return el("div", { class: "item" },
    el("span", { class: `tag ${item.acknowledged ? "warn" : "bad"}` }, icon("bell"), what),
    el("span", {}, el("b", {}, item.place || item.run_name || ""), " ", item.text || "", " ", since(item.at)),
    el("span", { class: "actions" },
      !item.acknowledged && el("button", { class: "button", type: "button", onclick: () => andon(item, "ack") }, t("Acknowledge")),
      el("button", { class: "button", type: "button", onclick: () => andon(item, "clear") }, t("Clear"))));
}

function row(item) {
  if (item.andon) return andonRow(item);
  return el("div", { class: "item" },
    el("span", { class: `tag ${LOOKS[item.severity] ?? "warn"}` }, icon("warn"), exceptionWord(item.kind)),
    el("span", {}, item.run ? el("a", { href: `/runs/${item.run}` }, item.subject || item.place || t("Run")) : el("b", {}, item.subject || item.place || deviceName(item)), " ",
      item.subject && item.place && item.place !== item.subject ? el("b", {}, item.place, " ") : "", about(item), " ", since(item.at)),
    el("span", { class: "actions" },
      (item.detail?.sides || item.kind === "held_fact") && el("a", { class: "button plain", href: item.detail?.sides ? `/held#x-${item.id}` : "/held" }, item.detail?.sides ? t("Compare") : t("Decide")),
      item.state === "open" && el("button", { class: "button plain", type: "button", onclick: () => act(item, { do: "take" }) }, t("Take")),
      el("button", { class: "button", type: "button", onclick: () => settle(item) }, t("Settle"))));
}

export function drawExceptions(box, clear_since) {
  const andons = store.all("andon").filter((item) => !item.cleared).map((item) => ({ ...item, andon: true, severity: 4 }));
  const items = [...andons, ...store.all("exception").filter((item) => item.state !== "closed" && item.kind !== "andon")]
    .sort((a, b) => b.severity - a.severity || b.at - a.at);
  if (!items.length) {
    box.replaceChildren(el("div", { class: "item", dataset: { key: "none" } }, el("span", { class: "tag good" }, icon("check"), t("All clear")),
      el("span", { class: "soft" }, clear_since ? t("Nothing needs you since {time}.", { time: time(clear_since) }) : t("Nothing needs you now."))));
  } else {
    const make = (item) => { const node = row(item); node.said = JSON.stringify(item); return node; };
    reconcile(box, items, (item) => item.id, make, (node, item) => {
      const said = JSON.stringify(item);
      if (node.said === said) return;
      const fresh = row(item);
      node.said = said;
      node.replaceChildren(...fresh.children);
    });
  }
  return items.length;
}
