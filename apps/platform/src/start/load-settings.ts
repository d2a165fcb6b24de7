import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { Complaint } from './complaint';
import { isLoopback, type Setting, type Settings, SETTINGS } from './settings';

/** Secrets that anybody can read in the list of settings, and that still count: good for a sandbox that nobody else reaches. */
function knownSecrets(values: Settings): string[] {
  if (isLoopback(values.host) && values.sandbox === 'on') return [];
  return (['gatewaySecrets', 'sfSecret', 'ztoKey'] as const)
    .filter((key) => [values[key]].flat().some((secret) => [SETTINGS[key].fallback].flat().includes(secret)))
    .map((key) => SETTINGS[key].env);
}

/** Reads `tradewind.yaml` (or the file in TRADEWIND_CONFIG) and the environment; complains of everything at once. */
export function loadSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const file = yamlValues(env.TRADEWIND_CONFIG, problems);
  for (const key of Object.keys(file)) if (!(key in SETTINGS)) problems.push(`${key} is not a setting`);
  const values: Record<string, unknown> = {};
  for (const [key, { env: name, fallback, read, secret }] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const raw = env[name] ?? file[key];
    try {
      values[key] = raw === undefined || raw === '' ? fallback : read(raw);
    } catch (error) {
      problems.push(
        `${name} must be ${(error as Error).message}${secret ? '' : `, not "${String(raw).slice(0, 80)}"`}`,
      );
    }
  }
  const known = problems.length === 0 ? knownSecrets(values as Settings) : [];
  if (known.length > 0) {
    problems.push(
      `${known.join(', ')} must be set to secrets of your own while HOST is not loopback or SANDBOX is off; the default ones are public`,
    );
  }
  if (values.stripeSecretKey && (values.stripeWebhookSecrets as string[]).length === 0) {
    problems.push('STRIPE_WEBHOOK_SECRETS must be set with STRIPE_SECRET_KEY: Stripe reports payments by webhooks');
  }
  if (problems.length > 0) throw new Complaint(`configuration: ${problems.join('; ')}`);
  return values as Settings;
}

function yamlValues(named: string | undefined, problems: string[]): Record<string, string> {
  const file = named ?? 'tradewind.yaml';
  if (!existsSync(file)) {
    if (named) problems.push(`TRADEWIND_CONFIG names ${path.basename(file)}, which does not exist`);
    return {};
  }
  try {
    const value: unknown = parseYaml(readFileSync(file, 'utf8')) ?? {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a map');
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, Array.isArray(member) ? member.join(',') : String(member)]),
    );
  } catch {
    problems.push(`${path.basename(file)} is not a YAML map of settings`);
    return {};
  }
}
