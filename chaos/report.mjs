import { printTable } from '../bench/report.mjs';
import { percentile } from '../bench/statistics.mjs';

const SHOWN = 5;

/** One result of all epochs. */
export function addUp(epochs) {
  const faults = new Map();
  for (const { name, outcome, detail } of epochs.flatMap((epoch) => epoch.faults)) {
    const fault = faults.get(name) ?? { name, injected: 0, failed: 0, 'not available here': 0, details: [] };
    fault[outcome] += 1;
    if (detail) fault.details.push(detail);
    faults.set(name, fault);
  }
  const invariants = new Map();
  for (const [index, epoch] of epochs.entries()) {
    for (const { name, checked, unchecked, violations } of epoch.invariants) {
      const invariant = invariants.get(name) ?? { name, checked: 0, unchecked: 0, violations: [] };
      invariant.checked += checked;
      invariant.unchecked += unchecked;
      invariant.violations.push(...violations.map((violation) => `epoch ${index + 1}: ${violation}`));
      invariants.set(name, invariant);
    }
  }
  const recoveries = epochs.flatMap((epoch) => epoch.recoveries);
  return {
    epochs: epochs.length,
    kills: epochs.reduce((sum, { kills }) => sum + kills, 0),
    faults: [...faults.values()],
    operations: sumOf(epochs.map(({ operations }) => operations)),
    invariants: [...invariants.values()],
    recoveryMs: percentilesOf(recoveries.map(({ bookedMs }) => bookedMs)),
    bookingMs: percentilesOf(epochs.flatMap(({ bookings }) => bookings)),
    recoveries,
    quietMs: epochs.map(({ quiet }) => quiet.tookMs),
    overdue: epochs.flatMap(({ quiet }, index) => (quiet.late.length > 0 ? [{ epoch: index + 1, ...quiet }] : [])),
  };
}

/** Prints everything; returns whether nothing was violated and everything could be injected. */
export function printReport(result) {
  const { faults, kills, operations, invariants, recoveryMs, bookingMs, quietMs, naiveReader } = result;
  printTable({
    title: `Faults: ${faults.filter(({ injected }) => injected > 0).length} kinds, ${kills} kills`,
    columns: { name: 'fault', injected: 'injected', failed: 'failed', unavailable: 'not available here' },
    rows: faults
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((fault) => ({ ...whole(fault), unavailable: whole(fault)['not available here'] })),
  });
  for (const { name, failed, details } of faults) {
    if (failed > 0) console.log(`  COULD NOT BE INJECTED ${name}: ${details.slice(0, SHOWN).join('; ')}`);
    else if (details.length > 0) console.log(`  not available here: ${name}: ${details[0]}`);
  }
  const counted = Object.entries(operations).filter(([, counts]) => typeof counts === 'object');
  printTable({
    title: 'Operations',
    columns: { name: 'operation', acknowledged: 'acknowledged', refused: 'refused', unknown: 'unknown' },
    rows: counted.map(([name, counts]) => ({ name, ...whole(counts) })),
  });
  const { events, messages, waybills } = operations;
  if (events) console.log(`events ${events}, messages ${messages}, waybills ${waybills}`);
  printTable({
    title: 'Invariants',
    columns: { name: 'what must hold', checked: 'checked', unchecked: 'epochs unchecked', violations: 'violations' },
    rows: invariants.map((invariant) => whole({ ...invariant, violations: invariant.violations.length })),
  });
  for (const { name, violations } of invariants) {
    for (const violation of violations.slice(0, SHOWN)) console.log(`  VIOLATED ${name}: ${violation}`);
  }
  const rows = Object.entries({
    'from a kill until another process had a fresh order placed, paid and booked': recoveryMs,
    'from payment to waybill, all buyers, whatever happened': bookingMs,
  });
  printTable({
    title: 'Times, ms',
    columns: { name: 'what', count: 'count', p50: 'median', p90: 'p90', p99: 'p99', p100: 'longest' },
    rows: rows.map(([name, percentiles]) => ({ name, ...rounded(percentiles) })),
  });
  if (quietMs.length > 0) {
    console.log(
      `From the last fault until nothing was left to do: ${quietMs.map((ms) => `${Math.round(ms / 1000)} s`).join(', ')}`,
    );
  }
  if (naiveReader) {
    printTable({
      title: naiveReader.title,
      columns: { name: 'reader', committed: 'committed', seen: 'seen', lost: 'lost', share: 'lost, %' },
      rows: naiveReader.rows.map((row) => ({ ...whole(row), share: row.share.toFixed(1) })),
    });
  }
  return (
    invariants.every(({ violations, unchecked }) => violations.length === 0 && unchecked === 0) &&
    faults.every(({ failed }) => failed === 0) &&
    (naiveReader?.rows.every(({ isOurs, lost }) => !isOurs || lost === 0) ?? true)
  );
}

/** Counts as text, so that the table does not give them decimals. */
const whole = (row) =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? String(value) : value]),
  );

const rounded = (row) => whole(Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Math.round(value)])));

function percentilesOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = [50, 90, 99, 100].map((percent) => [`p${percent}`, percentile(sorted, percent)]);
  return { count: sorted.length, ...Object.fromEntries(sorted.length > 0 ? at : []) };
}

function sumOf(records) {
  const sums = {};
  for (const record of records) {
    for (const [key, value] of Object.entries(record)) {
      sums[key] = typeof value === 'number' ? (sums[key] ?? 0) + value : sumOf([sums[key] ?? {}, value]);
    }
  }
  return sums;
}
