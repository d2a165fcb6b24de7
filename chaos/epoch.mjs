// One epoch: an empty database, two platforms that migrate it at once, buyers, faults one after the other; then everything
// is healed, the run waits for quiet and checks what it recorded.
import { sleep } from '../bench/processes.mjs';
import { Crowd, History, openTheShop, probe, Shop } from './buyers.mjs';
import { backlog, collectFacts, sessions } from './facts.mjs';
import { NotAvailableHere } from './faults-database.mjs';
import { check } from './invariants.mjs';
import { SCARCE } from './journeys.mjs';
import { World } from './world.mjs';

const BUYER_EVERY_MS = 200;
const REST_MS = 400;
/** So long work may go on after the last fault was healed. */
const QUIET_WITHIN_MS = 150_000;
/** So much longer is waited for it, only to be able to check the rest: facts of a moment in which work goes on prove nothing. */
const PATIENCE_MS = 600_000;
/** A sandbox gives up telling after some tries, unlike a gateway; what it still owes it sends when it starts. */
const PATIENCE_WITH_SANDBOX_MS = 12_000;

export async function runEpoch({ server, rounds, seconds, random, epoch, note }) {
  const world = await World.open(server, `chaos_${epoch}`);
  const history = new History();
  const shop = new Shop(world, history, random.fork(), `${epoch}-fault`);
  const epochResult = { faults: [], recoveries: [], probes: 0 };
  const lasting = [];
  const planted = [];

  note(`epoch ${epoch}: two processes start and migrate at once`);
  world.platforms.forEach((platform) => platform.start());
  await world.allUp();
  epochResult.faults.push({ name: 'two processes start and migrate at once', outcome: 'injected' });
  await world.sql(
    `WITH counted AS (
       UPDATE trading.stock_item SET on_hand = $1 WHERE sku = $2 RETURNING sku, $1 - old.on_hand AS difference)
     INSERT INTO trading.stock_movement (sku, kind, quantity) SELECT sku, 'adjust', difference FROM counted`,
    [SCARCE.onHand, SCARCE.sku],
  );
  await openTheShop(world);
  const crowd = new Crowd(world, history, random.fork(), { everyMs: BUYER_EVERY_MS, epoch });
  crowd.start();

  const begin = performance.now();
  for (const [index, fault] of rounds.entries()) {
    if (seconds && performance.now() - begin > seconds * 1000) break;
    note(`epoch ${epoch}, ${index + 1}/${rounds.length}: ${fault.name}`);
    if (fault.kills || fault.whenAllUp) await world.allUp();
    await inject(fault, { world, history, shop, planted, random: random.fork(), epoch, lasting, epochResult });
  }

  note(`epoch ${epoch}: heal`);
  for (const heal of lasting) await heal();
  await world.sandboxFaults();
  await world.allUp();
  await crowd.leave();
  await shop.askAgain();
  note(`epoch ${epoch}: wait for quiet`);
  const quiet = await quietOf(world);
  note(`epoch ${epoch}: check`);
  const facts = await collectFacts(world, history, quiet, planted);
  const invariants = check(facts);
  await world.close();
  await world.sqlOnServer(`DROP DATABASE ${world.database} WITH (FORCE)`);
  return {
    ...epochResult,
    kills: world.kills,
    quiet,
    bookings: history.bookings,
    operations: operationsOf(history, facts),
    invariants,
  };
}

async function inject(fault, context) {
  const { world, history, random, epoch, lasting, epochResult } = context;
  const probes = [];
  const killed = () => {
    probes.push(probe(world, history, random.fork(), `${epoch}-probe-${(epochResult.probes += 1)}`));
  };
  const record = (outcome, detail) => epochResult.faults.push({ name: fault.name, outcome, detail });
  const lastsMs = fault.longest ? random.between(300, fault.longest) : 0;
  try {
    const heal = await fault.inject({ ...context, killed });
    if (fault.lasts && heal) lasting.push(heal);
    else {
      await sleep(lastsMs);
      await heal?.();
    }
    record('injected');
  } catch (error) {
    if (error instanceof NotAvailableHere) record('not available here', error.message);
    else record('failed', error.message);
  }
  for (const recovery of await Promise.all(probes)) {
    if (recovery) epochResult.recoveries.push({ fault: fault.name, ...recovery });
    else history.surprises.push(`nobody took over after ${fault.name}`);
  }
  await sleep(random.between(0, REST_MS));
}

/**
 * Waits until nothing is left to do. `late` is what was left, by kind, when the bound had passed, and `waits` what the
 * platforms' sessions did then; `isReached` says whether it came to an end at all.
 */
async function quietOf(world) {
  let askedAgain = false;
  let wasEmpty = false;
  let [late, waits] = [[], []];
  const begin = performance.now();
  for (;;) {
    const counts = await backlog(world);
    const left = Object.entries(counts).filter(([, count]) => count > 0);
    const tookMs = performance.now() - begin;
    if (counts['callbacks owed'] > 0 && !askedAgain && tookMs > PATIENCE_WITH_SANDBOX_MS) {
      askedAgain = true;
      await world.restartSandbox('SIGTERM');
    }
    // Twice in a row: the database and the books of the sandbox are not read at one moment.
    if (left.length === 0 && wasEmpty) return { tookMs, late, waits, isReached: true };
    wasEmpty = left.length === 0;
    if (!wasEmpty && tookMs > QUIET_WITHIN_MS && late.length === 0) [late, waits] = [left, await sessions(world)];
    if (tookMs > QUIET_WITHIN_MS + PATIENCE_MS)
      return { tookMs, late: left, waits: await sessions(world), isReached: false };
    await sleep(250);
  }
}

function operationsOf(history, { orders, events, ledger, messages }) {
  const outcomes = {};
  for (const { kind, outcome } of history.commands) {
    outcomes[kind] ??= { acknowledged: 0, refused: 0, unknown: 0 };
    outcomes[kind][outcome] += 1;
  }
  return {
    ...outcomes,
    payment: { acknowledged: history.payments.paid + history.payments.declined },
    scan: { acknowledged: history.scans },
    read: { acknowledged: history.reads },
    'bad request': { refused: history.refusedInput },
    'answer that never came, asked for again': { unknown: history.unknownAnswers },
    delivered: { acknowledged: orders.filter(({ status }) => status === 'delivered').length },
    events: events.length,
    messages: messages.length,
    waybills: ledger.waybills.length,
  };
}
