// The load generator, a process of its own: so many connections, each sending its next request when it has its answer.
import { Connection, requestText } from './connection.mjs';
import { basket } from './basket.mjs';
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

async function load({ port, connections, warmUpMs, measureMs, kind, expect, ...options }, tell) {
  const next = KINDS[kind](options);
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const begin = performance.now() + warmUpMs;
  const end = begin + measureMs;
  const phases = tellPhases(tell, warmUpMs, measureMs);

  const latencies = [];
  let expected = 0;
  const unexpected = {};
  const drive = (connection) =>
    new Promise((resolve) => {
      const once = () => {
        const sent = performance.now();
        if (sent >= end) return resolve();
        connection.send(next(), (status, body) => {
          const now = performance.now();
          if (status === expect) expected += 1;
          else (unexpected[status] ??= { count: 0, body: body.toString('utf8').slice(0, 300) }).count += 1;
          if (status === 0) return resolve();
          if (now >= begin && now <= end) latencies.push(now - sent);
          once();
        });
      };
      once();
    });
  await Promise.all([...open.map(drive), phases]);
  for (const connection of open) connection.close();

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
