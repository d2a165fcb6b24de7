// Nest 12 and much of its ecosystem ship ES modules only. This workspace compiles to CommonJS, which Node >= 20.19 loads
// with require(esm); Jest cannot. So every ESM-only package is found once and turned into CommonJS by SWC for the tests.
const { readFileSync } = require('node:fs');
const path = require('node:path');

const root = __dirname;
const isEsm = (dir) => {
  try {
    return JSON.parse(readFileSync(path.join(root, dir, 'package.json'), 'utf8')).type === 'module';
  } catch {
    return false;
  }
};
const lock = JSON.parse(readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8'));
const nameOf = (dir) => dir.slice(dir.lastIndexOf('node_modules/') + 'node_modules/'.length);
const esmOnly = [...new Set(Object.keys(lock.packages).filter(isEsm).map(nameOf))];
const esmPattern = esmOnly.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');

const { paths } = JSON.parse(readFileSync(path.join(root, 'tsconfig.json'), 'utf8')).compilerOptions;
const doors = Object.fromEntries(
  Object.entries(paths).map(([alias, [file]]) => [`^${alias}$`, file.replace('./', '<rootDir>/')]),
);

const base = {
  rootDir: root,
  testEnvironment: 'node',
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json'],
  transform: {
    '^.+\\.(?:[cm]?[tj]s)$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:.*/node_modules/)?(?:${esmPattern})/)`],
  moduleNameMapper: doors,
  // Written into a page as text, where nothing counts what is covered.
  coveragePathIgnorePatterns: ['/node_modules/', '/try-it-out\\.ts$'],
};

/** unit: no database, seconds. integration: one PostgreSQL for the run, a database from a template for each suite. */
module.exports = {
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,test}/**/*.spec.ts'] },
    {
      ...base,
      displayName: 'integration',
      testMatch: ['<rootDir>/{apps,libs,test}/**/*.itest.ts'],
      globalSetup: '<rootDir>/test/postgres.cjs',
      globalTeardown: '<rootDir>/test/postgres-stop.cjs',
    },
  ],
};
