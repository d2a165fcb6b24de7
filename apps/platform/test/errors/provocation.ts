import type { Client } from 'pg';
import type { Json, Reply, World } from '../world';

/** A request that is refused, and what makes it succeed. */
export interface Provocation {
  /** Sends the same request, each time that it is called. */
  request: () => Promise<Reply<Json>>;
  /** For retryable codes: what passes by itself, so that the same request then succeeds. */
  help?: () => Promise<unknown>;
}

export interface Stage {
  world: World;
  /** A database session that is none of the platform's. */
  foreigner: Client;
}

/** For each code a way to be answered with it. A new code needs a line here, in the table of its context. */
export type Provocations = Record<string, (stage: Stage) => Promise<Provocation> | Provocation>;

export const SOME_ORDER = 'ord_01h455vb4pex5vsknk084sn02q';
