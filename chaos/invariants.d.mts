export interface Finding {
  name: string;
  checked: number;
  violations: string[];
}

export const INVARIANT_NAMES: readonly string[];

/** `facts` as `collectFacts` gives them. */
export function check(facts: object): Finding[];
