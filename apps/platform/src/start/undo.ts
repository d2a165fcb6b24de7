/** Takes back one step of the start. */
export type Undo = () => Promise<void> | void;

/** The last first, and all of them: one that fails must not leave the others, a database server among them, running. */
export async function undoAll(undo: Undo[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).toReversed()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0)
    throw new AggregateError(failures, `the stop was not clean: ${failures.map(String).join('; ')}`);
}
