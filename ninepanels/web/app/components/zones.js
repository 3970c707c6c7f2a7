// @ts-check

/** @param {string} zone */
const cityOf = (zone) => zone.split("/").slice(1).join(", ").replaceAll("_", " ") || zone;

/**
 * The time zones, grouped by region. The current one is always among them: browsers know different names.
 * @param {string} current
 */
export function zoneOptions(current) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = new Set([...Intl.supportedValuesOf("timeZone"), "UTC", own, current]);
  /** @type {Map<string, {value: string, label: string}[]>} */
  const regions = new Map();
  for (const zone of [...zones].sort()) {
    const region = zone.includes("/") ? zone.replace(/\/.*/, "") : "UTC";
    if (!regions.has(region)) regions.set(region, []);
    regions.get(region)?.push({ value: zone, label: cityOf(zone) });
  }
  return [...regions].map(([label, options]) => ({ label, options }));
}
