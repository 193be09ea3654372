/* One way to ask the server: JSON in, JSON out, problems as exceptions. */

import { t } from "./words.js";

export class Problem extends Error {
  constructor(status, body, request_id) {
    super(body.detail || body.title || t("The server did not answer."));
    this.status = status;
    this.code = body.code || "";
    this.body = body;
    this.errors = body.errors || [];
    this.request_id = request_id;
  }
}

export const newKey = () => crypto.randomUUID ? crypto.randomUUID()
  : [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

async function parse(answer) {
  const type = answer.headers.get("content-type") || "";
  const text = await answer.text();
  if (!type.includes("json")) return { detail: t("The server answered with an error ({status}).", { status: answer.status }) };
  return text ? JSON.parse(text) : {};
}

/** Ask; the same key again is the same request for the server. */
export async function ask(method, path, body, { key, type, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = type || "application/json";
  if (method !== "GET") headers["Idempotency-Key"] = key || newKey();
  let answer;
  try {
    answer = await fetch(path, {
      method, headers, signal, credentials: "same-origin",
      body: body === undefined || type ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: t("No connection to the server. Nothing was changed.") }, "");
  }
  const request_id = answer.headers.get("X-Request-Id") || "";
  if (answer.status === 401) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const parsed = await parse(answer);
  if (!answer.ok) throw new Problem(answer.status, parsed, request_id);
  return parsed;
}

export const get = (path, options) => ask("GET", path, undefined, options);
export const post = (path, body, options) => ask("POST", path, body ?? {}, options);
export const patch = (path, body, options) => ask("PATCH", path, body, options);
export const put = (path, body, options) => ask("PUT", path, body, options);
