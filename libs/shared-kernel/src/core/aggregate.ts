import { ContractEvent } from './contract-event';

/** A consistency boundary: its version counts its events, and events raised wait here until it is saved. */
export abstract class Aggregate {
  #raised: ContractEvent[] = [];

  protected constructor(private currentVersion: number) {}

  get version(): number {
    return this.currentVersion;
  }

  /** Takes the events raised since the last call, oldest first. The repository publishes them with the state. */
  takeEvents(): ContractEvent[] {
    return this.#raised.splice(0);
  }

  protected raise(event: ContractEvent): void {
    this.currentVersion += 1;
    event.aggregateVersion = this.currentVersion;
    this.#raised.push(event);
  }
}
