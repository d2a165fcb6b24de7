import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** The fence around the real code, and its canary: reaches planted in a small copy of the layout, each to be refused. */

const ROOT = path.join(__dirname, '..');
const FENCE = '.dependency-cruiser.cjs';
const CRUISER = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const FEWEST_MODULES = 100;

interface Cruise {
  modules: { source: string }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

async function cruise(folder: string): Promise<Cruise> {
  const words = [CRUISER, '--config', FENCE, '--output-type', 'json', 'apps', 'libs'];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: folder, maxBuffer: 1 << 28 });
  return JSON.parse(stdout) as Cruise;
}

const isSource = (file: string) => /^(apps|libs)\/.+\.ts$/.test(file);
const { compilerOptions } = JSON.parse(readFileSync(path.join(ROOT, 'tsconfig.json'), 'utf8')) as {
  compilerOptions: { paths: Record<string, string[]> };
};

describe('the fence around the real code', () => {
  let seen: string[];
  let violations: string[];

  beforeAll(async () => {
    const { modules, summary } = await cruise(ROOT);
    seen = modules.map((module) => module.source).filter(isSource);
    violations = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
  });

  it('sees every source file', () => {
    const files = ['apps', 'libs'].flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    );
    expect(seen.length).toBeGreaterThanOrEqual(FEWEST_MODULES);
    expect(files.filter((file) => isSource(file) && !seen.includes(file))).toEqual([]);
  });

  it('has no hole', () => {
    expect(violations).toEqual([]);
  });

  it('names no context in its rules', () => {
    const rules = readFileSync(path.join(ROOT, FENCE), 'utf8');
    const contexts = readdirSync(path.join(ROOT, 'libs')).filter((name) => name !== 'shared-kernel');
    expect(contexts.filter((name) => rules.includes(name))).toEqual([]);
  });

  it.each(Object.entries(compilerOptions.paths))('%s is the alias of a door', (alias, files) => {
    const [, library, door] = /^@tradewind\/([a-z-]+)(?:\/([a-z-]+))?$/.exec(alias) ?? [];
    expect(files).toEqual([`./libs/${library}/src/${door ?? 'index'}.ts`]);
    expect(library === 'shared-kernel' ? undefined : door).toBe(door === 'contract' ? 'contract' : undefined);
  });
});

/** Two contexts, the kernel and two apps, all lawful; what is planted reaches into them. */
const LAYOUT: Record<string, string> = {
  'libs/shared-kernel/src/index.ts': `export { one } from './core/one';`,
  'libs/shared-kernel/src/core/one.ts': `export const one = 1;`,
  'libs/shared-kernel/src/messaging.ts': `export { log } from './messaging/log';`,
  'libs/shared-kernel/src/messaging/log.ts': `import 'shipped'; export const log = 1;`,
  'libs/shared-kernel/src/testing.ts': `export const testing = 1;`,
  'libs/here/src/index.ts': `export * from './adapters/rows';`,
  'libs/here/src/contract.ts': `export class Told {}`,
  'libs/here/src/between.ts': `export { rows } from './adapters/rows';`,
  'libs/here/src/domain/order.ts': `export interface Order { total: number }; export const order = 1;`,
  'libs/here/src/adapters/rows.ts': `export const rows = 1;`,
  'libs/here/test/world.ts': `export const world = 1;`,
  'libs/here/src/domain/order.spec.ts': `export const spec = 1;`,
  'libs/there/src/index.ts': `export const there = 1;`,
  'libs/there/src/contract.ts': `export class Heard {}`,
  'libs/there/src/domain/parcel.ts': `export interface Parcel { weight: number }; export const parcel = 1;`,
  'libs/there/src/adapters/codes.json': `{}`,
  'apps/platform/src/main.ts': `import '@tradewind/here';`,
  'apps/sandbox/src/main.ts': `export const main = 1;`,
  'dist/libs/there/src/domain/parcel.js': `exports.parcel = 1;`,
  'tools/tool.mjs': `export const tool = 1;`,
  'node_modules/shipped/package.json': `{ "name": "shipped", "version": "1.0.0", "main": "index.js" }`,
  'node_modules/shipped/index.js': ``,
  'node_modules/unshipped/package.json': `{ "name": "unshipped", "version": "1.0.0", "main": "index.js" }`,
  'node_modules/unshipped/index.js': ``,
  'package.json': `{ "dependencies": { "shipped": "1.0.0" }, "devDependencies": { "unshipped": "1.0.0" } }`,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...compilerOptions,
      paths: {
        '@tradewind/shared-kernel': ['./libs/shared-kernel/src/index.ts'],
        '@tradewind/shared-kernel/messaging': ['./libs/shared-kernel/src/messaging.ts'],
        '@tradewind/shared-kernel/testing': ['./libs/shared-kernel/src/testing.ts'],
        '@tradewind/here': ['./libs/here/src/index.ts'],
        '@tradewind/here/contract': ['./libs/here/src/contract.ts'],
        '@tradewind/there': ['./libs/there/src/index.ts'],
        '@tradewind/there/contract': ['./libs/there/src/contract.ts'],
      },
    },
  }),
};

/** [what it is, where it is planted, its text, the rule that must refuse it] */
type Reach = [what: string, file: string, text: string, rule: string];

const PEER = 'context-only-via-contract';
const REFUSED: Reach[] = [
  [
    'an alias to a peer’s inside',
    'libs/here/src/features/a1.ts',
    `import { parcel } from '@tradewind/there/domain/parcel'; parcel;`,
    'resolvable',
  ],
  [
    'an alias to a file of a peer',
    'libs/here/src/features/a2.ts',
    `import '@tradewind/there/src/domain/parcel';`,
    'resolvable',
  ],
  [
    'a relative reach into a peer',
    'libs/here/src/features/a3.ts',
    `import { parcel } from '../../../there/src/domain/parcel'; parcel;`,
    PEER,
  ],
  [
    'a relative reach with an extension',
    'libs/here/src/features/a4.ts',
    `import { parcel } from '../../../there/src/domain/parcel.js'; parcel;`,
    PEER,
  ],
  [
    'a type-only import from a peer',
    'libs/here/src/features/a5.ts',
    `import type { Parcel } from '../../../there/src/domain/parcel'; export type P = Parcel;`,
    PEER,
  ],
  [
    'an inline type import from a peer',
    'libs/here/src/features/a6.ts',
    `import { type Parcel } from '../../../there/src/domain/parcel'; export type P = Parcel;`,
    PEER,
  ],
  ['a re-export of a peer', 'libs/here/src/features/a7.ts', `export * from '../../../there/src/domain/parcel';`, PEER],
  [
    'a re-exported type of a peer',
    'libs/here/src/features/a8.ts',
    `export type { Parcel } from '../../../there/src/domain/parcel';`,
    PEER,
  ],
  [
    'a dynamic import() of a peer',
    'libs/here/src/features/a9.ts',
    `export const late = () => import('../../../there/src/domain/parcel');`,
    PEER,
  ],
  [
    'an import() in backticks',
    'libs/here/src/features/a10.ts',
    'export const late = () => import(`../../../there/src/domain/parcel`);',
    PEER,
  ],
  [
    'an import() type of a peer',
    'libs/here/src/features/a11.ts',
    `export type P = import('../../../there/src/domain/parcel').Parcel;`,
    PEER,
  ],
  [
    'a require() of a peer',
    'libs/here/src/features/a12.ts',
    `export const p = require('../../../there/src/domain/parcel');`,
    PEER,
  ],
  [
    'an import-equals of a peer',
    'libs/here/src/features/a13.ts',
    `import p = require('../../../there/src/domain/parcel'); export const q = p;`,
    PEER,
  ],
  [
    'a triple-slash reference to a peer',
    'libs/here/src/features/a14.ts',
    `/// <reference path="../../../there/src/domain/parcel.ts" />\nexport {};`,
    PEER,
  ],
  [
    'a peer’s data file',
    'libs/here/src/adapters/a15.ts',
    `import codes from '../../../there/src/adapters/codes.json'; export const c = codes;`,
    PEER,
  ],
  ['a peer’s door 1', 'libs/here/src/features/a16.ts', `import { there } from '@tradewind/there'; there;`, PEER],
  [
    'a peer’s door 1 by its path',
    'libs/here/src/features/a17.ts',
    `import { there } from '../../../there/src/index'; there;`,
    PEER,
  ],
  [
    'a test that reaches into a peer',
    'libs/here/test/a18.itest.ts',
    `import { parcel } from '../../there/src/domain/parcel'; parcel;`,
    PEER,
  ],
  [
    'a new context that reaches into a peer',
    'libs/zz-canary/src/features/a19.ts',
    `import { parcel } from '../../../there/src/domain/parcel'; parcel;`,
    PEER,
  ],
  ['a reach into a new context', 'libs/here/src/features/a20.ts', `import '../../../zz-canary/src/domain/b9';`, PEER],
  [
    'a peer’s inside as it was built',
    'libs/here/src/features/a21.ts',
    `import '../../../../dist/libs/there/src/domain/parcel';`,
    'sources-only',
  ],

  [
    'a domain and its own adapter',
    'libs/here/src/domain/b1.ts',
    `import { rows } from '../adapters/rows'; rows;`,
    'domain-is-pure',
  ],
  ['a domain and an npm package', 'libs/here/src/domain/b2.ts', `import 'shipped';`, 'domain-is-pure'],
  ['a domain and node:fs', 'libs/here/src/domain/b3.ts', `import fs from 'node:fs'; fs;`, 'domain-is-pure'],
  ['a domain and fs', 'libs/here/src/domain/b4.ts', `import fs from 'fs'; fs;`, 'domain-is-pure'],
  [
    'a domain and a Node type',
    'libs/here/src/domain/b5.ts',
    `import type { Stats } from 'node:fs'; export type S = Stats;`,
    'domain-is-pure',
  ],
  [
    'a domain and process.getBuiltinModule()',
    'libs/here/src/domain/b6.ts',
    `export const fs = process.getBuiltinModule('node:fs');`,
    'domain-is-pure',
  ],
  [
    'a domain and a technical door of the kernel',
    'libs/here/src/domain/b7.ts',
    `import { log } from '@tradewind/shared-kernel/messaging'; log;`,
    'domain-is-pure',
  ],
  [
    'a domain and a peer’s contract',
    'libs/here/src/domain/b8.ts',
    `import { Heard } from '@tradewind/there/contract'; Heard;`,
    'domain-is-pure',
  ],
  ['the domain of a new context and npm', 'libs/zz-canary/src/domain/b9.ts', `import 'shipped';`, 'domain-is-pure'],
  ['a domain folder within and npm', 'libs/here/src/domain/refunds/b10.ts', `import 'shipped';`, 'domain-is-pure'],
  ['a domain file in a folder called test', 'libs/here/src/domain/test/b11.ts', `import 'shipped';`, 'domain-is-pure'],

  [
    'a feature and an adapter',
    'libs/here/src/features/c1.ts',
    `import { rows } from '../adapters/rows'; rows;`,
    'features-not-to-adapters',
  ],
  [
    'a feature and an adapter’s type',
    'libs/here/src/features/refunds/c2.ts',
    `export type R = typeof import('../../adapters/rows').rows;`,
    'features-not-to-adapters',
  ],
  [
    'a feature and an adapter through a file between',
    'libs/here/src/features/c3.ts',
    `import { rows } from '../between'; rows;`,
    'features-not-to-adapters',
  ],

  [
    'the kernel and a context’s contract',
    'libs/shared-kernel/src/messaging/d1.ts',
    `import { Told } from '@tradewind/here/contract'; Told;`,
    'shared-kernel-knows-nobody',
  ],
  ['the pure kernel and npm', 'libs/shared-kernel/src/core/d2.ts', `import 'shipped';`, 'kernel-core-is-pure'],
  [
    'the pure kernel and node:crypto',
    'libs/shared-kernel/src/core/d3.ts',
    `import 'node:crypto';`,
    'kernel-core-is-pure',
  ],
  [
    'the pure kernel and a technical door',
    'libs/shared-kernel/src/core/d4.ts',
    `import { log } from '../messaging'; log;`,
    'kernel-core-is-pure',
  ],
  [
    'a context past the kernel’s doors',
    'libs/here/src/adapters/d5.ts',
    `import { log } from '../../../shared-kernel/src/messaging/log'; log;`,
    'kernel-only-via-doors',
  ],
  [
    'an app past the kernel’s doors',
    'apps/platform/src/d6.ts',
    `import { log } from '../../../libs/shared-kernel/src/messaging/log'; log;`,
    'kernel-only-via-doors',
  ],

  [
    'a contract and its own domain',
    'libs/zz-canary/src/contract.ts',
    `import type { C } from './domain/e1'; export type D = C;`,
    'contract-is-a-leaf',
  ],
  [
    'a contract and a peer’s contract',
    'libs/zz-peer/src/contract.ts',
    `import { Heard } from '@tradewind/there/contract'; Heard;`,
    'contract-is-a-leaf',
  ],
  ['a contract and npm', 'libs/zz-npm/src/contract.ts', `import 'shipped';`, 'contract-is-a-leaf'],

  [
    'an app and the inside of a context',
    'apps/platform/src/f1.ts',
    `import { order } from '../../../libs/here/src/domain/order'; order;`,
    'app-only-via-doors',
  ],
  [
    'a new app and the inside of a context',
    'apps/zz-canary/src/f2.ts',
    `import '@tradewind/here'; import '../../../libs/here/src/adapters/rows';`,
    'app-only-via-doors',
  ],
  [
    'the sandbox and a library',
    'apps/sandbox/src/f3.ts',
    `import { one } from '@tradewind/shared-kernel'; one;`,
    'sandbox-stands-outside',
  ],
  [
    'one app and another',
    'apps/platform/src/f4.ts',
    `import { main } from '../../sandbox/src/main'; main;`,
    'apps-do-not-share',
  ],
  [
    'a library and an app',
    'libs/here/src/adapters/f5.ts',
    `import { main } from '../../../../apps/sandbox/src/main'; main;`,
    'libs-not-to-apps',
  ],

  ['a circle of imports', 'libs/here/src/features/g1.ts', `import './g2'; export const g1 = 1;`, 'no-circular'],
  [
    'a circle of types',
    'libs/here/src/features/g3.ts',
    `import type { G4 } from './g4'; export type G3 = G4;`,
    'no-circular',
  ],
  [
    'production and a test file',
    'libs/here/src/adapters/g5.ts',
    `import { spec } from '../domain/order.spec'; spec;`,
    'no-test-in-production',
  ],
  [
    'production and a test’s helper',
    'libs/here/src/adapters/g6.ts',
    `import { world } from '../../test/world'; world;`,
    'no-test-in-production',
  ],
  [
    'production and the testing door',
    'libs/here/src/adapters/g7.ts',
    `import { testing } from '@tradewind/shared-kernel/testing'; testing;`,
    'no-test-in-production',
  ],
  [
    'production and a package for development',
    'libs/here/src/adapters/g8.ts',
    `import 'unshipped';`,
    'no-development-package-in-production',
  ],
  [
    'production and a file beside the sources',
    'libs/here/src/adapters/g9.ts',
    `import '../../../../tools/tool.mjs';`,
    'sources-only',
  ],
  ['a package nobody installed', 'libs/here/src/adapters/g10.ts', `import 'unheard-of';`, 'resolvable'],
];

/** What stands at the other end of some planted reaches. */
const COUNTERPARTS: Record<string, string> = {
  'libs/zz-canary/src/domain/e1.ts': `export type C = 1;`,
  'libs/here/src/features/g2.ts': `import './g1';`,
  'libs/here/src/features/g4.ts': `import type { G3 } from './g3'; export type G4 = G3;`,
};

const ACCEPTED: [what: string, file: string, text: string][] = [
  [
    'a context and a peer’s contract',
    'libs/here/src/features/l1.ts',
    `import { Heard } from '@tradewind/there/contract'; Heard;`,
  ],
  [
    'a domain and the pure kernel',
    'libs/here/src/domain/l2.ts',
    `import { one } from '@tradewind/shared-kernel'; one;`,
  ],
  ['a domain and its own contract', 'libs/here/src/domain/l3.ts', `import { Told } from '../contract'; Told;`],
  ['a domain and itself', 'libs/here/src/domain/refunds/l4.ts', `import { order } from '../order'; order;`],
  ['a feature and its own domain', 'libs/here/src/features/l5.ts', `import { order } from '../domain/order'; order;`],
  [
    'a feature, npm and a technical door of the kernel',
    'libs/here/src/features/l6.ts',
    `import 'shipped'; import { log } from '@tradewind/shared-kernel/messaging'; log;`,
  ],
  ['an adapter and npm', 'libs/here/src/adapters/l7.ts', `import 'shipped'; import fs from 'node:fs'; fs;`],
  [
    'an adapter and a feature’s port',
    'libs/here/src/adapters/l8.ts',
    `import '../features/l5'; import { order } from '../domain/order'; order;`,
  ],
  [
    'a contract and the pure kernel',
    'libs/zz-lawful/src/contract.ts',
    `import { one } from '@tradewind/shared-kernel'; one;`,
  ],
  [
    'an app and both doors of each context',
    'apps/platform/src/l10.ts',
    `import '@tradewind/here'; import '@tradewind/here/contract'; import '@tradewind/there';`,
  ],
  ['the sandbox and npm', 'apps/sandbox/src/l11.ts', `import 'shipped'; import 'node:http';`],
  [
    'a test, the testing door and a package for development',
    'libs/here/test/l12.itest.ts',
    `import '@tradewind/shared-kernel/testing'; import 'unshipped'; import '../src/adapters/rows'; import './world';`,
  ],
];

describe('the canary of the fence', () => {
  let folder: string;
  let rulesAgainst: Map<string, string[]>;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tradewind-fence-'));
    copyFileSync(path.join(ROOT, FENCE), path.join(folder, FENCE));
    const planted = [...REFUSED, ...ACCEPTED].map(([, file, text]) => [file, text] as const);
    for (const [file, text] of [...Object.entries(LAYOUT), ...Object.entries(COUNTERPARTS), ...planted]) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text, { flag: 'wx' });
    }
    rulesAgainst = new Map();
    for (const { from, rule } of (await cruise(folder)).summary.violations)
      rulesAgainst.set(from, [...(rulesAgainst.get(from) ?? []), rule.name]);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(REFUSED)('refuses %s', (_what, file, _text, rule) => {
    expect(rulesAgainst.get(file) ?? []).toContain(rule);
  });

  it.each(ACCEPTED)('accepts %s', (_what, file) => {
    expect(rulesAgainst.get(file) ?? []).toEqual([]);
  });

  it('finds nothing where nothing was planted', () => {
    expect(Object.keys(LAYOUT).filter((file) => rulesAgainst.has(file))).toEqual([]);
  });

  it('has a reach for every rule', async () => {
    const { forbidden } = (await import(path.join(ROOT, FENCE))) as { forbidden: { name: string }[] };
    const tried = new Set(REFUSED.map(([, , , rule]) => rule));
    expect(forbidden.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });
});
