/* The one place that holds what the server said last: rows by kind and id. */

const rows = new Map();
const listeners = new Set();
let pending = new Set();
let scheduled = false;

function bucket(kind) {
  if (!rows.has(kind)) rows.set(kind, new Map());
  return rows.get(kind);
}

function tell() {
  scheduled = false;
  const changed = pending;
  pending = new Set();
  for (const listener of listeners) listener(changed);
}

function note(kind, id) {
  pending.add(`${kind}:${id}`);
  pending.add(kind);
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(tell);
}

export const store = {
  rev: 0,
  all: (kind) => [...bucket(kind).values()],
  one: (kind, id) => bucket(kind).get(id),

  /** A snapshot replaces everything it speaks of. */
  replace(state, rev) {
    this.rev = rev;
    for (const kind of new Set([...Object.keys(state), ...rows.keys()])) {
      rows.set(kind, new Map(Object.entries(state[kind] || {})));
      pending.add(kind);
    }
    note("all", "");
  },

  /** One change of the stream; changed fields only. */
  apply(kind, change) {
    const known = bucket(kind);
    if (change.gone) known.delete(change.id);
    else known.set(change.id, { ...(known.get(change.id) || {}), ...change });
    note(kind, change.id);
  },

  watch(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
