// Import direction, cycles, and where third-party packages may be imported.

/** What each folder of src/ may import besides itself: one row for each, from the inside out. */
const MAY_IMPORT = {
  core: [],
  ports: ['core'],
  wire: ['core'],
  boot: ['core', 'ports', 'wire'],
  build: ['core', 'ports', 'wire'],
  fleet: ['core', 'ports', 'wire'],
  lab: ['core', 'ports', 'wire'],
  config: ['core', 'ports', 'wire', 'boot', 'build', 'fleet', 'lab'],
  servers: ['core', 'ports', 'wire', 'boot', 'build', 'fleet', 'lab', 'config'],
  adapters: ['core', 'ports', 'wire', 'boot', 'build', 'fleet', 'lab', 'config'],
  cli: [
    'core',
    'ports',
    'wire',
    'boot',
    'build',
    'fleet',
    'lab',
    'config',
    'servers',
    'adapters',
    'daemon.ts',
  ],
};
const DAEMON = ['core', 'ports', 'wire', 'boot', 'build', 'fleet', 'lab', 'config', 'servers', 'adapters'];

/** The one file or folder that may import a third-party package; packages that are not here may not be imported. */
const OWNER = {
  'better-sqlite3': 'src/adapters/sql/',
  kysely: 'src/adapters/sql/',
  execa: 'src/adapters/command[.]ts$',
  pino: 'src/adapters/logger[.]ts$',
  'prom-client': 'src/adapters/metrics[.]ts$',
  nunjucks: 'src/boot/template[.]ts$',
  'tar-stream': 'src/adapters/squashfs/',
  croner: 'src/config/schedule[.]ts$',
  dhcp: 'src/config/dhcp-options[.]ts$',
  yaml: 'src/config/',
  'dockerfile-ast': 'src/build/containerfile/statements[.]ts$',
  typebox: 'src/(config|servers)/',
  fastify: 'src/servers/',
  '@fastify/[^/]+': 'src/servers/',
  commander: 'src/(cli/|main[.]ts$)',
  koffi: 'src/servers/libc/',
  'close-with-grace': 'src/(cli/|main[.]ts$|daemon[.]ts$)',
};

const inside = (names) => `^src/(${names.map((name) => name.replace('.', '[.]')).join('|')})(/|$)`;

const directionRules = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `direction-${folder}`,
  comment: `src/${folder} may import ${allowed.length === 0 ? 'nothing else' : allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: inside([folder, ...allowed]) },
}));

const ownerRules = Object.entries(OWNER).map(([name, owner]) => ({
  name: `one-place-${name.replace('/[^/]+', '')}`,
  comment: `"${name}" may be imported in ${owner} only; its types anywhere in the shells`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^${owner}` },
  to: { path: `(^|/)node_modules/(@types/)?${name}/`, dependencyTypesNot: ['type-only'] },
}));

module.exports = {
  forbidden: [
    ...directionRules,
    {
      name: 'direction-daemon',
      comment: 'the composition root knows all but the command line',
      severity: 'error',
      from: { path: '^src/daemon([.]ts$|/)' },
      to: { path: '^src/', pathNot: `${inside(DAEMON)}|^src/daemon` },
    },
    {
      name: 'nothing-imports-main',
      comment: 'main.ts is the process entry',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/main[.]ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-words',
      comment: 'core, ports and wire are values: no files, sockets or processes',
      severity: 'error',
      from: { path: '^src/(core|ports|wire)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|crypto)$' },
    },
    {
      name: 'pure-rules',
      comment: 'boot, build, fleet, lab decide; sockets and processes are in servers and adapters',
      severity: 'error',
      from: { path: '^src/(boot|build|fleet|lab)/' },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(child_process|dgram|net|http|https|worker_threads|cluster)$',
      },
    },
    ...ownerRules,
    {
      name: 'pure-types',
      comment: 'not even types of packages in the inner folders; dockerfile-ast only makes values of a text',
      severity: 'error',
      from: { path: '^src/(core|ports|wire|fleet|lab|build)/' },
      to: { path: 'node_modules/', pathNot: '/node_modules/dockerfile-ast/|^node_modules/dockerfile-ast/' },
    },
    {
      name: 'known-packages',
      comment: 'a new package needs a row in OWNER of .dependency-cruiser.cjs',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: 'node_modules/',
        pathNot: `(^|/)node_modules/(@types/)?(${Object.keys(OWNER).join('|')}|node)/`,
      },
    },
    {
      name: 'declared-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '/node_modules/@types/|^node_modules/@types/',
      },
    },
    {
      name: 'no-tests-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts)/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
