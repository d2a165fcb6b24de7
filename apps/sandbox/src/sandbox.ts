import type { AddressInfo } from 'node:net';
import type { Settings as Options } from './settings';
import { Callbacks } from './callbacks';
import { FORMATS } from './carrier-formats';
import { Carriers } from './carriers';
import { Faults } from './faults';
import { Gateway } from './gateway';
import { gatewayChannel } from './gateway-reports';
import { Ledger } from './ledger';
import type { Parts } from './parts';
import { buildServer } from './server';
import { DEFAULTS } from './settings';
import { Timers } from './timers';

export interface RunningSandbox {
  url: string;
  /** Stops at once; callbacks not yet acknowledged are sent by the next start. */
  close(): Promise<void>;
}

/** Starts the stand-ins over their ledger. Rejects when the port is taken or the ledger cannot be read. */
export async function startSandbox(options: Partial<Options> = {}): Promise<RunningSandbox> {
  const settings = { ...DEFAULTS, ...options };
  const parts = assemble(settings);
  const { ledger, timers, callbacks, gateway } = parts;
  const app = buildServer(parts);
  try {
    await app.listen({ host: settings.host, port: settings.port });
  } catch (error) {
    ledger.close();
    throw error;
  }
  // Only now: a second sandbox over the same ledger fails on the port and must not have sent anything.
  callbacks.resume();
  gateway.resume();

  const stop = async () => {
    timers.clear();
    await Promise.all([app.close(), callbacks.close()]);
    ledger.close();
  };
  let stopped: Promise<void> | undefined;
  return { url: urlOf(app.server.address() as AddressInfo), close: () => (stopped ??= stop()) };
}

function assemble(settings: Options): Parts {
  const ledger = new Ledger(settings.dataDir);
  const faults = new Faults();
  const timers = new Timers();
  const callbacks = new Callbacks(ledger, faults, timers, {
    gateway: gatewayChannel(settings),
    SF: FORMATS.SF.channel(settings),
    ZTO: FORMATS.ZTO.channel(settings),
  });
  const gateway = new Gateway(ledger, callbacks, timers);
  const carriers = new Carriers(ledger, faults, callbacks);
  return { settings, ledger, faults, timers, callbacks, gateway, carriers };
}

/** An address that can be opened, also when listening on every interface. */
function urlOf({ address, port }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
