import { BUILT_IN_KINDS } from './built-in-kinds';
import type { RiskPolicyKind } from './risk-policy-kind';

/** The kinds that policies can be of: the built-in ones, and those that a team registers. */
export class RiskPolicyKinds {
  readonly #kinds = new Map<string, RiskPolicyKind>(BUILT_IN_KINDS.map((kind) => [kind.name, kind]));
  readonly #listeners: (() => void)[] = [];

  /** Adds a kind, or takes the place of the one with its name: from then on all policies of that kind are made by it. */
  register(kind: RiskPolicyKind): void {
    this.#kinds.set(kind.name, kind);
    for (const listener of this.#listeners) listener();
  }

  named(name: string): RiskPolicyKind | undefined {
    return this.#kinds.get(name);
  }

  get names(): string[] {
    return [...this.#kinds.keys()];
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
