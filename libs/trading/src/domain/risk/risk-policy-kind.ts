import type { RiskNeeds, RiskPolicy } from './risk-policy';

/** As JSON: what one policy of a kind is set to. */
export type RiskParameters = Readonly<Record<string, unknown>>;

export interface ParameterProblem {
  /** JSON pointer within the parameters: `/maxOrders`. */
  pointer: string;
  detail: string;
}

/** The code that policies of one kind are made of; the policies themselves are data. */
export abstract class RiskPolicyKind {
  abstract readonly name: string;

  /**
   * True: its policies answer at once, from the request and its facts alone. They are asked inside the order's transaction,
   * with the exact total and, when they enforce, with counters that nobody else can move meanwhile. False: they may wait for
   * others. They are asked before the transaction, with the total of list prices.
   */
  readonly isPure: boolean = false;

  /** What is wrong with these parameters; empty when a policy can be made of them. */
  abstract problems(parameters: RiskParameters): ParameterProblem[];

  /** Called with parameters that have no problem. */
  abstract policy(parameters: RiskParameters): RiskPolicy;

  needs(_parameters: RiskParameters): RiskNeeds {
    return {};
  }
}
