import type { Milestone } from '../src/domain/scan';
import type { WaybillStatus } from '../src/domain/waybill-status';

const DAY = Date.UTC(2026, 10, 23);

/** A scan so many hours into the journey. */
export function scan(status: WaybillStatus, hour: number, rest: Partial<Milestone> = {}): Milestone {
  const at = new Date(DAY + hour * 3_600_000);
  const fact = { at, code: status, status, subStatus: null, effect: 'milestone', ...rest } as const;
  return { ...fact, fingerprint: JSON.stringify(fact) };
}
