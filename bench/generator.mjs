// The load generator, a process of its own: so many connections, each sending its next request when it has its answer, or
// requests that arrive at a steady rate.
import { Connections, requestText } from './connection.mjs';
import { basket } from './basket.mjs';
import { arrivals } from './pacing.mjs';
import { serve, tellPhases } from './processes.mjs';
import { percentile } from './statistics.mjs';

/** Requests of one kind, made so that sending one costs a concatenation. */
const KINDS = {
  /** One unit of one SKU, chosen evenly among `skus`, each with a key of its own. */
  checkout: ({ skus, run }) => {
    const marker = 'KEY';
    const texts = Array.from({ length: skus }, (_, index) =>
      requestText(
        'POST',
        '/v1/checkout',
        JSON.stringify(basket(`SKU-${index + 1}`)),
        `idempotency-key: ${marker}\r\n`,
      ).split(marker),
    );
    let count = 0;
    return () => {
      const [before, after] = texts[Math.floor(Math.random() * texts.length)];
      return `${before}${run}-${count++}${after}`;
    };
  },
  get: ({ paths }) => {
    const texts = paths.map((path) => requestText('GET', path));
    return () => texts[Math.floor(Math.random() * texts.length)];
  },
};

/** Closed loop, or open loop with so many arrivals `perSecond`: then latency counts from when a request was due. */
async function load({ ports, connections, perSecond, warmUpMs, measureMs, kind, expect, ...options }, tell) {
  const next = KINDS[kind](options);
  const pool = await Connections.open(ports, connections);
  const begin = performance.now() + warmUpMs;
  const end = begin + measureMs;
  const phases = tellPhases(tell, warmUpMs, measureMs);

  const latencies = [];
  let expected = 0;
  const unexpected = {};
  const ask = (due) =>
    new Promise((resolve) => {
      pool.send(next(), (status, body) => {
        const now = performance.now();
        if (status === expect) expected += 1;
        else (unexpected[status] ??= { count: 0, body: body.toString('utf8').slice(0, 300) }).count += 1;
        // A closed loop counts what was answered in the measured time, an open one what was asked in it.
        const at = perSecond ? due : now;
        if (at >= begin && at <= end) latencies.push(now - due);
        resolve(status !== 0);
      });
    });
  const loop = async () => {
    while (performance.now() < end && (await ask(performance.now())));
  };
  const asked = [];
  const arriving = () => arrivals({ perSecond, ms: warmUpMs + measureMs }, (due) => asked.push(ask(due)));
  await Promise.all([...(perSecond ? [arriving()] : Array.from({ length: connections }, loop)), phases]);
  await Promise.all(asked);
  pool.close();

  const sorted = Float64Array.from(latencies).sort();
  return {
    rate: (sorted.length * 1000) / measureMs,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    /** Expected answers of the whole run, warm-up and tail included. */
    expected,
    unexpected,
  };
}

serve({ load });
