/** Things to do later. None of them keeps the process alive, and none fires once cleared. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>();
  #cleared = false;

  after(ms: number, task: () => void): void {
    if (this.#cleared) return;
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      task();
    }, ms);
    timer.unref();
    this.#pending.add(timer);
  }

  clear(): void {
    this.#cleared = true;
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
