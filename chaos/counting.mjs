// How facts are counted and told.

export const ofKind = (commands, kind) => commands.filter((command) => command.kind === kind);
export const total = (rows) => rows.reduce((sum, { amount }) => sum + amount, 0);
export const text = (value) => JSON.stringify(value)?.slice(0, 300);

export function groupBy(rows, key) {
  const groups = new Map();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

/** How often each key occurs; rows without one are left out. */
export function countBy(rows, key) {
  const counts = new Map();
  for (const row of rows) if (key(row)) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return counts;
}

/** Sums by SKU. */
export function sumBy(rows, units) {
  const sums = new Map();
  for (const row of rows) sums.set(row.sku, (sums.get(row.sku) ?? 0) + units(row));
  return sums;
}
