/** Nearest-rank percentile of an ascending list; NaN when it is empty. */
export const percentile = (sorted, percent) =>
  sorted.length === 0 ? Number.NaN : sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Distance between the best and the worst round, as a share of the median. */
export const spread = (values) => (Math.max(...values) - Math.min(...values)) / median(values);

export const sum = (values) => values.reduce((total, value) => total + value, 0);
