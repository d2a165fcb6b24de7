import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { Complaint } from './complaint';
import type { Settings } from './settings';

export interface SandboxProcess {
  /** Resolves when it listens. */
  ready: Promise<void>;
  stop(): Promise<void>;
}

/** The sandbox in a process of its own: it is the outside world. It ends when this process does. */
export function startSandbox(settings: Settings): SandboxProcess {
  const script = path.join(__dirname, '../../../sandbox/src/main.js');
  const child = fork(script, [], {
    env: {
      ...process.env,
      HOST: settings.host,
      SANDBOX_PORT: String(settings.sandboxPort),
      PLATFORM_URL: `http://${settings.host}:${settings.port}`,
      TRADEWIND_DATA_DIR: path.resolve(settings.dataDir),
      SANDBOX_GATEWAY_SECRET: settings.gatewaySecrets[0],
      SANDBOX_SF_SECRET: settings.sfSecret,
      SANDBOX_ZTO_KEY: settings.ztoKey,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Ctrl-C goes to the whole foreground group; the platform decides when the sandbox stops.
    detached: true,
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', (message: { error?: string }) => {
      if (message.error) reject(new Complaint(`sandbox: ${message.error}`));
      else resolve();
    });
    child.once('exit', (code) => reject(new Complaint(`the sandbox ended before it was ready (exit code ${code})`)));
  });
  return { ready, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(impatient);
}
