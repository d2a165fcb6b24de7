import { runInContext } from '@tradewind/shared-kernel/observability';
import { GroupCommit, type Member, type Outcome } from '@tradewind/shared-kernel/persistence';
import { GroupRead } from '../src/persistence/group-read';

const answerAll = (members: Member<number>[]): Outcome<number>[] =>
  members.map(({ command }) => ({ ok: true, answer: command * 2 }));

describe('group commit', () => {
  it('decides together what arrived while the previous batch committed', async () => {
    const batches: number[][] = [];
    let release: () => void = () => undefined;
    const group = new GroupCommit<number, number>(async (members) => {
      batches.push(members.map(({ command }) => command));
      if (batches.length === 1) await new Promise<void>((resolve) => (release = resolve));
      return answerAll(members);
    });
    const first = group.submit(1);
    while (batches.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const rest = [2, 3, 4].map((command) => group.submit(command));
    await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(await Promise.all([first, ...rest])).toEqual([2, 4, 6, 8]);
    expect(batches).toEqual([[1], [2, 3, 4]]);
  });

  it('begins no batch beside a running one before as many wait, or twelve', async () => {
    const running: { commands: number[]; end: () => void }[] = [];
    const group = new GroupCommit<number, number>(
      async (members) => {
        const commands = members.map(({ command }) => command);
        await new Promise<void>((end) => running.push({ commands, end }));
        return answerAll(members);
      },
      { maxBatch: 256, concurrency: 2 },
    );
    const submit = async (...commands: number[]) => {
      const answers = commands.map((command) => group.submit(command));
      await new Promise((resolve) => setImmediate(resolve));
      return answers;
    };
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
    const answers = [...(await submit(1, 2, 3)), ...(await submit(4, 5))];
    expect(running.map(({ commands }) => commands)).toEqual([[1, 2, 3]]);
    answers.push(...(await submit(6)));
    expect(running.map(({ commands }) => commands)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    answers.push(...(await submit(...numbers(40))));
    running[0]!.end();
    running[1]!.end();
    await answers[5];
    expect(running[2]!.commands).toHaveLength(40);
    answers.push(...(await submit(...numbers(12))));
    expect(running[3]!.commands).toHaveLength(12);
    for (const { end } of running) end();
    expect(await Promise.all(answers)).toHaveLength(58);
  });

  it('holds nobody up behind a batch that is slow', async () => {
    let end: () => void = () => undefined;
    const group = new GroupCommit<number, number>(
      async (members) => {
        if (members.length > 1) await new Promise<void>((resolve) => (end = resolve));
        return answerAll(members);
      },
      { maxBatch: 256, concurrency: 2 },
    );
    const slow = [1, 2, 3].map((command) => group.submit(command));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await group.submit(4)).toBe(8);
    end();
    expect(await Promise.all(slow)).toEqual([2, 4, 6]);
  });

  it('gives each command its own outcome', async () => {
    const group = new GroupCommit<number, number>((members) =>
      Promise.resolve(
        members.map(({ command }) =>
          command === 2 ? { ok: false, error: new Error('no') } : { ok: true, answer: command },
        ),
      ),
    );
    const outcomes = await Promise.allSettled([1, 2, 3].map((command) => group.submit(command)));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('runs members one by one when a batch breaks, so that only the one at fault fails', async () => {
    const sizes: number[] = [];
    const group = new GroupCommit<number, number>((members) => {
      sizes.push(members.length);
      if (members.some(({ command }) => command === 2)) return Promise.reject(new Error('broken'));
      return Promise.resolve(answerAll(members));
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((command) => group.submit(command)));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(sizes).toEqual([3, 1, 1, 1]);
  });

  it('does not run again what failed because the database was away', async () => {
    let calls = 0;
    const group = new GroupCommit<number, number>(() => {
      calls += 1;
      return Promise.reject(Object.assign(new Error('gone'), { code: '57P01' }));
    });
    const outcomes = await Promise.allSettled([1, 2].map((command) => group.submit(command)));
    expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true);
    expect(calls).toBe(1);
  });

  it('leaves out a command whose caller gave up while it waited', async () => {
    const seen: number[] = [];
    const group = new GroupCommit<number, number>((members) => {
      seen.push(...members.map(({ command }) => command));
      return Promise.resolve(answerAll(members));
    });
    const abort = new AbortController();
    const given = group.submit(1, abort.signal);
    abort.abort(new Error('too late'));
    await expect(given).rejects.toThrow('too late');
    expect(await group.submit(2)).toBe(4);
    expect(seen).toEqual([2]);
  });

  it('never takes more than the largest batch, and keeps the request of each command', async () => {
    const sizes: number[] = [];
    const requests: (string | null)[] = [];
    const group = new GroupCommit<number, number>(
      (members) => {
        sizes.push(members.length);
        requests.push(...members.map(({ context }) => context.requestId));
        return Promise.resolve(answerAll(members));
      },
      { maxBatch: 2, concurrency: 1 },
    );
    await Promise.all(
      [1, 2, 3, 4, 5].map((command) =>
        runInContext({ requestId: `req_${command}`, actor: 'test', causationId: null }, () => group.submit(command)),
      ),
    );
    expect(Math.max(...sizes)).toBe(2);
    expect(requests).toEqual(['req_1', 'req_2', 'req_3', 'req_4', 'req_5']);
  });
});

describe('a group read', () => {
  it('reads together what is asked for while another read is under way, each key once', async () => {
    const batches: number[][] = [];
    let finish: (() => void)[] = [];
    const group = new GroupRead<number, number>(
      async (keys) => {
        batches.push(keys);
        await new Promise<void>((resolve) => finish.push(resolve));
        return new Map(keys.filter((key) => key < 9).map((key) => [key, key * 10]));
      },
      { maxBatch: 100, concurrency: 1 },
    );
    const first = group.find(1);
    await new Promise(setImmediate);
    const later = [2, 3, 2, 9].map((key) => group.find(key));
    await new Promise(setImmediate);
    expect(batches).toEqual([[1]]);
    finish.pop()?.();
    expect(await first).toBe(10);
    await new Promise(setImmediate);
    finish.pop()?.();
    finish = [];
    expect(await Promise.all(later)).toEqual([20, 30, 20, undefined]);
    expect(batches).toEqual([[1], [2, 3, 9]]);
  });
});
