// @ts-check
// What only one tab does at a time.

/** @type {Map<string, Promise<unknown>>} */
const last = new Map();

/**
 * Runs a function when no other one with this name runs, in any tab.
 *
 * @param {string} name
 * @param {() => Promise<void>} work
 * @param {AbortSignal} [signal] - Ends the waiting.
 * @returns {Promise<void>}
 */
export async function exclusively(name, work, signal) {
  // Browsers offer locks only to pages of secure origins. Elsewhere, tabs do not wait for each other: they may do the
  // same twice, which changes nothing.
  if (navigator.locks) return navigator.locks.request(`nine-panels ${name}`, { signal }, work);
  const turn = (last.get(name) ?? Promise.resolve()).then(work);
  last.set(
    name,
    turn.catch(() => {}),
  );
  return turn;
}
