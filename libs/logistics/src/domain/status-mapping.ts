import type { CarrierScan, ScanEffect } from './scan';
import type { WaybillStatus } from './waybill-status';

/**
 * What a code must come with for a row to hold. A key names another code of the scan, its value lists alternatives
 * separated by `|`; `remark_contains` holds when the scan's text has one of the phrases.
 */
export type Qualifier = Readonly<Record<string, string | readonly string[]>>;

/** One row of a mapping file, kept by domain experts. */
export interface MappingRow {
  carrier: string;
  namespace: string;
  code: string;
  qualifier: Qualifier | null;
  meaning: string;
  status: WaybillStatus;
  subStatus: string | null;
  effect: ScanEffect;
  confidence: string;
  /** Where the row is taken from. */
  source: string;
}

/** One carrier's rows as they stood in one version of its file. */
export interface StatusMapping {
  carrier: string;
  version: number;
  rows: readonly MappingRow[];
}

/** The namespaces to look into, most specific first, each with the code of the scan that is looked up there. */
export type LookupOrder = readonly (readonly [namespace: string, codeOf: string])[];

export type Translated =
  { kind: 'mapped'; row: MappingRow; version: number } | { kind: 'unmapped'; namespace: string; code: string };

/** Total: a code that no row knows is told so, never guessed. */
export function translate(scan: CarrierScan, mapping: StatusMapping, order: LookupOrder): Translated {
  for (const [namespace, codeOf] of order) {
    const code = scan.codes[codeOf];
    if (code === undefined) continue;
    const row = mapping.rows.find(
      (row) => row.namespace === namespace && row.code === code && qualifies(scan, row.qualifier),
    );
    if (row) return { kind: 'mapped', row, version: mapping.version };
  }
  return { kind: 'unmapped', namespace: scan.namespace, code: scan.code };
}

function qualifies(scan: CarrierScan, qualifier: Qualifier | null): boolean {
  return Object.entries(qualifier ?? {}).every(([key, wanted]) => {
    const alternatives = typeof wanted === 'string' ? wanted.split('|') : wanted;
    if (key === 'remark_contains') return alternatives.some((phrase) => scan.text?.includes(phrase));
    return alternatives.includes(scan.codes[key] ?? '');
  });
}
