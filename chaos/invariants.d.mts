export interface Finding {
  name: string;
  checked: number;
  /** Epochs in which it could not be checked, as work still went on. */
  unchecked: number;
  violations: string[];
}

export const INVARIANT_NAMES: readonly string[];

/** `facts` as `collectFacts` gives them. */
export function check(facts: object): Finding[];
