// One real PostgreSQL for the whole run; TEST_DATABASE_URL names another one to use instead.
const { spawn } = require('node:child_process');
const path = require('node:path');

module.exports = async () => {
  if (process.env.TEST_DATABASE_URL) return;
  const script = path.join(__dirname, '../tools/temporary-postgres.mjs');
  const server = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  process.env.TEST_DATABASE_URL = await new Promise((resolve, reject) => {
    let text = '';
    server.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.trim());
    });
    server.once('exit', () => reject(new Error('PostgreSQL did not start')));
  });
  globalThis.__tradewindPostgres = server;
};
