/** The time. Injected, so that tests fix it. */
export abstract class Clock {
  abstract now(): Date;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}

/** A clock that a test moves. */
export class ManualClock extends Clock {
  #now: Date;

  constructor(start: Date | string = '2026-01-01T00:00:00Z') {
    super();
    this.#now = new Date(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  advance(milliseconds: number): void {
    this.#now = new Date(this.#now.getTime() + milliseconds);
  }
}
