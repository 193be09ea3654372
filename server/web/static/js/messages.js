/* Messages that stay until they are read, and questions before a step. */

import { $, el, icon, say } from "./dom.js";
import { t } from "./words.js";

function place() {
  let box = $("#messages");
  if (!box) {
    box = el("div", { id: "messages" });
    document.body.append(box);
  }
  return box;
}

export function told(text, kind = "good", again = null) {
  const close = el("button", { class: "button plain icon-only", type: "button", "aria-label": t("Close message") }, icon("close"));
  const note = el("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" },
    el("span", { class: "grow" }, text),
    again && el("button", { class: "button", type: "button", onclick: () => { note.remove(); again(); } }, t("Try again")),
    close);
  close.addEventListener("click", () => note.remove());
  place().append(note);
  if (kind === "good") setTimeout(() => note.remove(), 6000);
  return note;
}

/** Say what failed and what did not; the request id helps whoever looks into it. */
export function failed(problem, again = null) {
  if (problem.name === "AbortError") return null;
  const id = problem.request_id ? ` ${t("Request {id}.", { id: problem.request_id })}` : "";
  say(problem.message);
  return told(problem.message + id, "bad", again);
}

/** Ask before a step; resolves with the typed text (or true), or null when it was called off. */
export function confirmStep({ title, text, yes, danger = false, input = null, choices = null, required = false, no = null }) {
  return new Promise((resolve) => {
    const field = input && (choices
      ? el("select", { id: "confirm-input", required }, Object.entries(choices).map(([value, word]) => el("option", { value }, word)))
      : el("textarea", { id: "confirm-input", rows: 2, required }));
    const dialog = el("dialog", { "aria-labelledby": "confirm-title" },
      el("form", { method: "dialog" },
        el("h2", { id: "confirm-title" }, title),
        (Array.isArray(text) ? text : [text]).filter(Boolean).map((line) => (line instanceof Node ? line : el("p", {}, line))),
        field && el("div", { class: "field" }, el("label", { for: "confirm-input" }, input), field),
        el("footer", {},
          el("button", { class: "button", type: "button", onclick: () => dialog.close() }, no || t("Cancel")),
          el("button", { class: danger ? "button danger" : "button first", type: "submit", value: "yes" }, yes))));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes" ? (field ? field.value.trim() : true) : null);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
