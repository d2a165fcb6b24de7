export interface Badge {
  name: 'gold' | 'silver' | 'bronze';
  /** The product owner's rule that gave it; no rule gives bronze, it is what is left. */
  rule: 'A1' | 'A2' | null;
}

const LEVEL = 3;
const POINTS = 5000n;

/**
 * The product owner's rules. A1: level 3 or more and more than 5000 points, gold. A2: exactly one of the two, silver; so
 * level 2 with 6000 points, and level 3 with 5000. Neither, bronze.
 */
export function badgeOf(level: number, points: bigint): Badge {
  const [high, many] = [level >= LEVEL, points > POINTS];
  if (high && many) return { name: 'gold', rule: 'A1' };
  if (high !== many) return { name: 'silver', rule: 'A2' };
  return { name: 'bronze', rule: null };
}
