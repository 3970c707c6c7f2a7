// @ts-check
import { computed } from "../vendor/preact.js";
import { panels } from "../state/panels.js";

/** The number of hues in `styles/tokens.css`. */
const HUES = 9;

/**
 * Panel id -> hue: the same on each device, kept when panels are moved, and never one hue twice.
 * A panel prefers the hue of its id; of two that prefer the same one, the older panel has it.
 */
const hues = computed(() => {
  const chosen = new Map();
  const free = new Set(Array.from({ length: HUES }, (_, hue) => hue));
  for (const id of panels.value.map((panel) => panel.id).sort((a, b) => a - b)) {
    let hue = id % HUES;
    while (free.size && !free.has(hue)) hue = (hue + 1) % HUES;
    free.delete(hue);
    chosen.set(id, hue);
  }
  return { chosen, next: free.values().next().value ?? 0 };
});

/** @param {number} panelId */
export const hueOf = (panelId) => hues.value.chosen.get(panelId) ?? panelId % HUES;

/** A hue that no panel has: the preview of a new one. */
export const nextHue = () => hues.value.next;
