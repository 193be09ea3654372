/* Keeps the store equal to the server: snapshot, then changes, and honesty about silence. */

import { get } from "./api.js";
import { $, $$, el, icon, say } from "./dom.js";
import { store } from "./store.js";
import { Stream } from "./stream.js";
import { now, setServerNow, span, time } from "./times.js";
import { plural, t } from "./words.js";

const SILENT_MS = 40000;
let topics = [];
let heard_at = 0;
let lost_since = 0;
let seen_rev = 0;
let holding = null;
let fetching = 0;
let meanwhile = [];
let send = () => {};

/** Read everything anew; what was heard meanwhile is newer than the answer may be, and said again. */
export async function snapshot() {
  fetching += 1;
  try {
    const answer = await get(`/api/v1/board/snapshot?topics=${encodeURIComponent(topics.join(","))}`);
    setServerNow(answer.now);
    if (answer.rev < seen_rev) return answer;
    store.replace(answer.state, answer.rev);
    seen_rev = answer.rev;
    meanwhile.forEach(apply);
    return answer;
  } finally {
    fetching -= 1;
    if (!fetching) meanwhile = [];
  }
}

function alive() {
  heard_at = Date.now();
  if (lost_since) {
    const gap = heard_at - lost_since;
    lost_since = 0;
    draw();
    say(t("Live updates are back after {span}.", { span: span(gap) }));
    snapshot().catch(() => {});
  }
  draw();
}

function apply(message) {
  if (message.rev && message.rev <= seen_rev) return;
  if (message.rev) store.rev = Math.max(store.rev, message.rev);
  store.apply(message.kind, message.data);
}

function take(message) {
  apply(message);
  if (fetching) meanwhile.push(message);
}

function hear(message) {
  if (message.type === "lost") return draw();
  alive();
  if (message.type === "beat") setServerNow(message.data.now);
  if (message.type === "resync") snapshot().catch(() => {});
  if (message.type !== "change") return;
  if (holding) holding.push(message);
  else take(message);
}

/** While something is dragged, changes wait; they are told and applied on drop. */
export function hold() {
  holding = holding || [];
}

export function release() {
  const waiting = holding || [];
  holding = null;
  waiting.forEach(take);
  const counted = waiting.filter((m) => m.rev).length;
  if (counted) say(plural(counted, t("{n} change arrived."), t("{n} changes arrived.")));
}

function draw() {
  const badge = $("#live");
  if (!badge) return;
  const silent = heard_at && Date.now() - heard_at > SILENT_MS;
  if (silent && !lost_since) lost_since = heard_at;
  const state = lost_since ? "lost" : heard_at ? "live" : "starting";
  if (badge.dataset.state !== state) {
    badge.dataset.state = state;
    $("span.word", badge).textContent = state === "live" ? t("Live") : state === "lost" ? t("Not live") : t("Connecting");
    for (const part of $$("[data-live]")) part.classList.toggle("dimmed", state === "lost");
    banner(state === "lost");
  }
}

function banner(shown) {
  const box = $("#stale");
  if (!box) return;
  box.replaceChildren();
  if (!shown) return;
  const at = lost_since + (now() - Date.now());
  box.append(el("div", { class: "notice bad", role: "alert" }, icon("warn"),
    el("span", {}, t("Live updates lost since {time}. What you see is the last state; changes you make still work.", { time: time(at) }))));
}

function worker() {
  const shared = new SharedWorker(new URL("./live-worker.js", import.meta.url), { type: "module", name: "milkrun-live" });
  shared.port.onmessage = ({ data }) => hear(data);
  shared.port.start();
  addEventListener("pagehide", () => shared.port.postMessage({ leave: true }));
  addEventListener("pageshow", (event) => event.persisted && follow());
  return (message) => shared.port.postMessage(message);
}

function alone() {
  const stream = new Stream(hear);
  return ({ topics: wanted, rev }) => stream.follow(wanted.join(","), rev);
}

function follow() {
  send({ topics, rev: store.rev });
}

export const following = () => topics.length > 0;

/** Start with the data the page came with, then follow. */
export function live(wanted, first = null) {
  topics = wanted;
  if (first) {
    setServerNow(first.now);
    store.replace(first.state, first.rev);
    seen_rev = first.rev;
  }
  try {
    send = "SharedWorker" in window ? worker() : alone();
  } catch {
    send = alone();
  }
  setInterval(draw, 1000);
  if (first) follow();
  else snapshot().then(follow, () => follow());
}
