/* Times of the site and ages that tick, both from the server's clock. */

import { lang, t } from "./words.js";

const root = document.documentElement;
const zone = root.dataset.tz || "UTC";
let offset_ms = Number(root.dataset.now || Date.now()) - Date.now();

export function setServerNow(now_ms) {
  offset_ms = now_ms - Date.now();
}

export const now = () => Date.now() + offset_ms;

const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: zone });
const exact = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "long", timeZone: zone });
const day = new Intl.DateTimeFormat(lang, { weekday: "short", day: "numeric", month: "short", timeZone: zone });

export const time = (ms) => (ms === null || ms === undefined ? "–" : clock.format(ms));
export const exactTime = (ms) => exact.format(ms);
export const date = (ms) => day.format(ms);

/** "20 s", "4 min", "2 h 05": how long ago, or how long until. */
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return t("{n} s", { n: s });
  const min = Math.round(s / 60);
  if (min < 60) return t("{n} min", { n: min });
  if (min < 48 * 60) return t("{h} h {m}", { h: Math.floor(min / 60), m: String(min % 60).padStart(2, "0") });
  return t("{n} days", { n: Math.floor(min / 1440) });
}

export const age = (ms) => span(now() - ms);

/** Minutes with a sign, for what a change costs. */
export function delta(s) {
  const min = Math.round(s / 60);
  return t("{sign}{n} min", { sign: min > 0 ? "+" : min < 0 ? "−" : "±", n: Math.abs(min) });
}

/** Kilometres with a sign, for what a change costs. */
export function kilometres(m) {
  const km = Math.round(m / 100) / 10;
  return t("{sign}{n} km", { sign: km > 0 ? "+" : km < 0 ? "−" : "±", n: Math.abs(km).toLocaleString(lang) });
}

export function countdown(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const parts = [Math.floor(s / 60) % 60, s % 60].map((n) => String(n).padStart(2, "0"));
  const hours = Math.floor(s / 3600);
  return (ms < 0 ? "−" : "") + (hours ? `${hours}:` : "") + parts.join(":");
}

const ticking = new Map();

/** Draw now and every second, as long as the node is on the page. */
export function tick(node, draw) {
  draw(node);
  ticking.set(node, draw);
  return node;
}

setInterval(() => {
  for (const [node, draw] of ticking) {
    if (node.isConnected) draw(node);
    else ticking.delete(node);
  }
}, 1000);
