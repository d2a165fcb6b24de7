import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';

/** Counts the changes of what prices depend on; the tables' triggers keep it. */
@Injectable()
export class PriceStamp {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Hands out what `load` gave until the stamp changes, in whichever process. In a unit of work the stamp is read once, by the
   * first who asks; so ask behind the locks that are waited for.
   */
  keep<T, Args extends unknown[]>(load: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
    let kept: { stamp: bigint; value: T } | undefined;
    return async (...args) => {
      const stamp = await this.#current();
      if (kept?.stamp === stamp) return kept.value;
      const value = await load(...args); // of this stamp or later
      kept = { stamp, value };
      return value;
    };
  }

  #current(): Promise<bigint> {
    return this.unitOfWork.isActive ? this.unitOfWork.stateOf(this, () => this.#ask()) : this.#ask();
  }

  async #ask(): Promise<bigint> {
    const [row] = await this.unitOfWork.query<{ stamp: bigint }>('SELECT stamp FROM trading.price_stamp');
    return row?.stamp as bigint;
  }
}
