/**
 * The fence. Rules are derived from folders and name no context; whatever is not allowed is refused.
 *   libs/<context>/src/index.ts     door 1, for apps/
 *   libs/<context>/src/contract.ts  door 2, for peers; a leaf
 *   libs/shared-kernel/src/*.ts     the kernel's doors; index.ts is pure
 */
const CONTEXT = '^libs/(?!shared-kernel/)([^/]+)/';
const KERNEL_PURE = '^libs/shared-kernel/src/(index\\.ts$|core/)';
const KERNEL_DOOR = '^libs/shared-kernel/src/[^/]+\\.ts$';
const TEST = '(\\.(spec|itest)\\.ts$|^(apps|libs)/[^/]+/test/)';

module.exports = {
  forbidden: [
    {
      name: 'context-only-via-contract',
      comment: 'A context reaches a peer only through its contract.ts.',
      severity: 'error',
      from: { path: CONTEXT },
      to: { path: CONTEXT, pathNot: ['^libs/$1/', '^libs/[^/]+/src/contract\\.ts$'] },
    },
    {
      name: 'app-only-via-doors',
      severity: 'error',
      from: { path: '^apps/', pathNot: TEST },
      to: { path: CONTEXT, pathNot: '^libs/[^/]+/src/(index|contract)\\.ts$' },
    },
    {
      name: 'kernel-only-via-doors',
      severity: 'error',
      from: { path: ['^apps/', CONTEXT], pathNot: TEST },
      to: { path: '^libs/shared-kernel/', pathNot: KERNEL_DOOR },
    },
    {
      name: 'shared-kernel-knows-nobody',
      severity: 'error',
      from: { path: '^libs/shared-kernel/' },
      to: { path: ['^apps/', CONTEXT] },
    },
    {
      name: 'kernel-core-is-pure',
      severity: 'error',
      from: { path: KERNEL_PURE, pathNot: TEST },
      to: { pathNot: KERNEL_PURE },
    },
    {
      name: 'contract-is-a-leaf',
      severity: 'error',
      from: { path: '/src/contract\\.ts$' },
      to: { pathNot: '^libs/shared-kernel/src/index\\.ts$' },
    },
    {
      name: 'domain-is-pure',
      comment: 'Own domain, own contract and the pure kernel: no npm package, no Node built-in, no adapter.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/domain/', pathNot: TEST },
      to: { pathNot: ['^libs/$1/src/domain/', '^libs/$1/src/contract\\.ts$', '^libs/shared-kernel/src/index\\.ts$'] },
    },
    {
      name: 'features-not-to-adapters',
      comment: 'Neither directly nor through a file between: a feature names a port.',
      severity: 'error',
      from: { path: '/src/features/', pathNot: TEST },
      to: { path: '/src/adapters/', reachable: true },
    },
    { name: 'libs-not-to-apps', severity: 'error', from: { path: '^libs/', pathNot: TEST }, to: { path: '^apps/' } },
    {
      name: 'apps-do-not-share',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: TEST },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'sandbox-stands-outside',
      comment: 'What speaks to us over HTTP must not share our code.',
      severity: 'error',
      from: { path: '^apps/sandbox/', pathNot: TEST },
      to: { path: '^libs/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-test-in-production',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: TEST },
      to: { path: [TEST, '^libs/shared-kernel/src/testing\\.ts$'] },
    },
    {
      name: 'no-development-package-in-production',
      comment: 'What writes the reference pages (an app’s src/docs) is itself a tool of development.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [TEST, '^apps/[^/]+/src/docs/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sources-only',
      comment: 'Not what was built, nor what stands beside the sources: the rules above would not know whose it is.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: TEST },
      to: { pathNot: ['^(apps|libs)/', '(^|/)node_modules/'], dependencyTypesNot: ['core'], couldNotResolve: false },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: ['node_modules', '^dist/'] },
    detectProcessBuiltinModuleCalls: true,
    exoticRequireStrings: ['module.require', 'require.resolve'],
  },
};
