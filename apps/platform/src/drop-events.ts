import { parseArgs } from 'node:util';
import { dropEvents, type DropReport } from '@tradewind/shared-kernel/messaging';
import { sqlState } from '@tradewind/shared-kernel/persistence';
import { Complaint } from './start/complaint';
import { loadSettings } from './start/load-settings';
import type { Settings } from './start/settings';
import { claimed, embeddedDatabase } from './start/start';
import { type Undo, undoAll } from './start/undo';

const USAGE = 'drop-events --before YYYY-MM [--yes]: drops whole months of the event log; without --yes it only tells';

/**
 * The command `drop-events`: drops months of the event log before the one that is named, or says why it may not. Returns
 * what to print. On the embedded database it needs the platform to be stopped.
 */
export async function dropOldEvents(words: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { before, yes } = wanted(words);
  const settings = loadSettings(env);
  const undo: Undo[] = [];
  try {
    const report = await drop(await databaseUrl(settings, undo), before, !yes);
    if (report.notDone.length > 0) throw new Complaint(`${refusal(report)}\n\nnothing was dropped`);
    return told(report, before);
  } finally {
    await undoAll(undo);
  }
}

function wanted(words: string[]): { before: string; yes: boolean } {
  try {
    const { before, yes } = parseArgs({
      args: words,
      options: { before: { type: 'string' }, yes: { type: 'boolean', default: false } },
    }).values;
    if (before && /^\d{4}-(0[1-9]|1[0-2])$/.test(before)) return { before, yes };
  } catch {
    // Told below, as any other misuse.
  }
  throw new Complaint(USAGE);
}

async function databaseUrl(settings: Settings, undo: Undo[]): Promise<string> {
  const folder = await claimed(settings, undo);
  return folder ? embeddedDatabase(folder, undo, new AbortController().signal) : (settings.databaseUrl as string);
}

async function drop(url: string, before: string, dryRun: boolean): Promise<DropReport> {
  try {
    return await dropEvents({ url, poolSize: 1 }, before, { dryRun });
  } catch (error) {
    const state = sqlState(error);
    if (state === '55P03')
      throw new Complaint('the event log is in use all the time: try again when there is less to do');
    if (state === '3F000' || state === '42P01') throw new Complaint('this database has no event log');
    throw error;
  }
}

function refusal({ notDone }: DropReport): string {
  const lines = notDone.map(
    ({ subscription, toPass, setAside }) => `  ${subscription}: ${toPass} events to pass, ${setAside} set aside`,
  );
  return `subscriptions are not done with these months:\n${lines.join('\n')}`;
}

function told({ months, isDropped }: DropReport, before: string): string {
  if (months.length === 0) return `no month before ${before} is in the event log`;
  const lines = months.map(({ month, events, bytes }) => {
    const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    return `${month}  about ${events.toLocaleString('en')} events  ${size.padStart(12)}`;
  });
  return [...lines, isDropped ? 'dropped' : 'nothing is dropped yet: the same with --yes drops these months'].join(
    '\n',
  );
}
