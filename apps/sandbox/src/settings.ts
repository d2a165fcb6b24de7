/** Where the sandbox listens, whom it calls back, and the secrets it shares with the platform. */
export interface Settings {
  host: string;
  /** 0 means any free port. */
  port: number;
  /** Without a trailing slash. */
  platformUrl: string;
  /** The ledger is kept in `sandbox/` inside it. */
  dataDir: string;
  gatewaySecret: string;
  sfSecret: string;
  ztoKey: string;
}

export const DEFAULTS: Settings = {
  host: '127.0.0.1',
  port: 8081,
  platformUrl: 'http://127.0.0.1:8080',
  dataDir: '.data',
  gatewaySecret: 'sandbox-gateway-secret',
  sfSecret: 'sandbox-sf-secret',
  ztoKey: 'sandbox-zto-key',
};

/** Reads the settings from environment variables; an absent or blank one takes its default. Throws on a bad value. */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const text = (name: string, fallback: string) => env[name]?.trim() || fallback;
  return {
    host: text('HOST', DEFAULTS.host),
    port: portFrom(text('SANDBOX_PORT', String(DEFAULTS.port))),
    platformUrl: platformUrlFrom(text('PLATFORM_URL', DEFAULTS.platformUrl)),
    dataDir: text('TRADEWIND_DATA_DIR', DEFAULTS.dataDir),
    gatewaySecret: text('SANDBOX_GATEWAY_SECRET', DEFAULTS.gatewaySecret),
    sfSecret: text('SANDBOX_SF_SECRET', DEFAULTS.sfSecret),
    ztoKey: text('SANDBOX_ZTO_KEY', DEFAULTS.ztoKey),
  };
}

function portFrom(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65535) {
    throw new Error(`SANDBOX_PORT must be a port number from 0 to 65535, not "${value}"`);
  }
  return port;
}

function platformUrlFrom(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash) {
    throw new Error(`PLATFORM_URL must be an http(s) URL without a query, not "${value}"`);
  }
  return url.href.replace(/\/+$/, '');
}
