import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PeriodicWorker, Workers } from '@tradewind/shared-kernel/messaging';
import { allNeeds } from '../../domain/risk/facts';
import { RiskPolicyKinds } from '../../domain/risk/risk-kinds';
import type { RiskNeeds, RiskPolicy, SubjectKind } from '../../domain/risk/risk-policy';
import { type PolicyVersion, RiskPolicyTable } from '../../domain/risk/risk-rows';
import { TradingSettings } from '../trading-settings';

/** A policy that can be asked. */
export interface ActivePolicy {
  readonly stored: PolicyVersion;
  readonly policy: RiskPolicy;
  readonly isPure: boolean;
  readonly needs: RiskNeeds;
}

/** The policies of one moment, by when they are asked. */
export interface PolicySet {
  /** Before the order's transaction: those that may wait for others. */
  readonly before: readonly ActivePolicy[];
  /** Inside it: pure ones. */
  readonly within: readonly ActivePolicy[];
  /** After it, without effect. */
  readonly shadow: readonly ActivePolicy[];
  /** Subjects whose orders are counted. */
  readonly counted: readonly SubjectKind[];
  readonly salt: Uint8Array;
}

/**
 * The policies that this process goes by. A change made here counts at once, one made in another process after
 * `riskRefreshMs`: it moves a stamp that is looked at that often.
 */
@Injectable()
export class ActivePolicies extends PeriodicWorker implements OnModuleInit {
  readonly name = 'trading.risk-policies';
  #stored: readonly PolicyVersion[] = [];
  #stamp: bigint | undefined;
  #salt: Uint8Array = new Uint8Array();
  #current: PolicySet | null = null;

  constructor(
    private readonly table: RiskPolicyTable,
    private readonly kinds: RiskPolicyKinds,
    private readonly settings: TradingSettings,
    workers: Workers,
  ) {
    super();
    workers.add(this);
    kinds.onChange(() => this.#build());
  }

  /** Null while no policy is enabled: a checkout then has nothing to do with risk. */
  get current(): PolicySet | null {
    return this.#current;
  }

  get salt(): Uint8Array {
    return this.#salt;
  }

  /** A process that does not know its policies takes no order. */
  async onModuleInit(): Promise<void> {
    this.#salt = await this.table.salt();
    await this.refresh();
  }

  protected get everyMs(): number {
    return this.settings.riskRefreshMs;
  }

  /** While they cannot be looked at, the known ones stay. */
  protected round(): Promise<void> {
    return this.refresh();
  }

  /** Goes by what is stored now. */
  async refresh(): Promise<void> {
    const stamp = await this.table.stamp();
    if (stamp === this.#stamp) return;
    const stored = await this.table.enabled();
    // Of two that look at once, the later one has the newer policies, whoever ends first.
    if (this.#stamp !== undefined && stamp < this.#stamp) return;
    this.#stamp = stamp;
    this.#stored = stored;
    this.#build();
  }

  #build(): void {
    const active = this.#stored.map((policy) => this.active(policy));
    const enforced = active.filter(({ stored }) => stored.mode === 'enforce');
    const { velocity = [] } = allNeeds(active.map(({ needs }) => needs));
    this.#current =
      active.length === 0
        ? null
        : {
            before: enforced.filter(({ isPure }) => !isPure),
            within: enforced.filter(({ isPure }) => isPure),
            shadow: active.filter(({ stored }) => stored.mode === 'shadow'),
            counted: [...new Set(velocity.map(({ per }) => per))],
            salt: this.#salt,
          };
  }

  /** A kind that this process does not know, or that cannot make the policy, fails each time: the failure mode counts. */
  active(stored: PolicyVersion): ActivePolicy {
    const kind = this.kinds.named(stored.kind);
    try {
      if (!kind) throw new Error(`this process knows no kind of policy named ${stored.kind}`);
      const { parameters } = stored;
      return { stored, policy: kind.policy(parameters), isPure: kind.isPure, needs: kind.needs(parameters) };
    } catch (error) {
      const fails = (): never => {
        throw error;
      };
      return { stored, policy: { evaluate: fails }, isPure: true, needs: {} };
    }
  }
}
