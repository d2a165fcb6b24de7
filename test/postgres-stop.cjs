const { rmSync } = require('node:fs');

module.exports = async () => {
  const started = globalThis.__tradewindPostgres;
  if (!started) return;
  await started.server.stop();
  rmSync(started.folder, { recursive: true, force: true });
};
