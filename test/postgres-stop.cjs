module.exports = async () => {
  const server = globalThis.__tradewindPostgres;
  if (!server) return;
  const stopped = new Promise((resolve) => server.once('exit', resolve));
  server.stdin.end();
  await stopped;
};
