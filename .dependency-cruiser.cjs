// Who may import whom. The rooms and their reasons stand in the README's room table; this file is what enforces them.
// Everything that a room's row does not name is forbidden to it.

/** Parts of the house that others may name, as the paths that they resolve to. */
const DOMAIN = '^chaincode/domain/';
const SQLITE = '^network/sqlite/';
const API_CLIENT = '^gateway/client/';
/** Shapes that the REST interface takes and gives: one declaration for who answers and who asks. */
const API_SHAPES = '^gateway/client/(src|dist)/resources/';
const AGENT_INTERFACES = '^gateway/src/agent/ports(\\.ts$|/)';
const gateway = (...rooms) => rooms.map((room) => `^gateway/src/${room}/`);

/** Node's own modules. `COMPUTING` are those that reach nothing outside the process. */
const NODE = ['*'];
const COMPUTING = ['assert', 'buffer', 'crypto', 'events', 'stream', 'util'];

/**
 * @typedef {object} Room
 * @property {string} name
 * @property {string} from files of the room
 * @property {string[]} [rooms] other rooms that it may import
 * @property {string[]} [packages] from the registry; a scope (`@scope/`) stands for all its packages
 * @property {string[]} [node] Node's modules
 */

/** @type {Room[]} */
const ROOMS = [
  { name: 'domain', from: '^chaincode/domain/src/', packages: ['zod', '@noble/hashes'] },
  { name: 'contract-rules', from: '^chaincode/contract/src/rules/', rooms: [DOMAIN] },
  {
    name: 'contract',
    from: '^chaincode/contract/src/(?!rules/)',
    rooms: ['^chaincode/contract/src/', DOMAIN],
    packages: ['fabric-contract-api', 'fabric-shim', 'reflect-metadata'],
    node: ['crypto'],
  },
  { name: 'verifier', from: '^chaincode/verifier/', rooms: [DOMAIN], node: NODE },
  ...[
    { name: 'privacy', rooms: [DOMAIN, AGENT_INTERFACES] },
    // Initial weights are drawn from privacy's keystream, so that every hospital draws the same.
    { name: 'learning', rooms: [DOMAIN, AGENT_INTERFACES, ...gateway('privacy')] },
  ].map(({ name, rooms }) => ({
    name,
    from: `^gateway/src/${name}/`,
    rooms,
    packages: ['@tensorflow/', '@noble/', '@hpke/', 'shamir-secret-sharing'],
    node: NODE,
  })),
  {
    name: 'agent',
    from: '^gateway/src/agent/',
    rooms: [DOMAIN, ...gateway('learning', 'privacy')],
    node: COMPUTING,
  },
  {
    name: 'data',
    from: '^gateway/src/data/',
    rooms: [DOMAIN],
    packages: ['csv-parse', '@duckdb/node-api', 'pg'],
    node: NODE,
  },
  {
    name: 'ledger',
    from: '^gateway/src/ledger/',
    rooms: [DOMAIN, AGENT_INTERFACES],
    packages: ['@hyperledger/', '@grpc/grpc-js'],
    node: NODE,
  },
  {
    name: 'exchange',
    from: '^gateway/src/exchange/',
    rooms: [DOMAIN, AGENT_INTERFACES],
    packages: ['undici'],
    node: NODE,
  },
  { name: 'store', from: '^gateway/src/store/', rooms: [DOMAIN, AGENT_INTERFACES, SQLITE], node: NODE },
  {
    name: 'consent',
    from: '^gateway/src/consent/',
    rooms: [DOMAIN, AGENT_INTERFACES, SQLITE],
    packages: ['zod'],
    node: NODE,
  },
  { name: 'secrets', from: '^gateway/src/secrets/', rooms: [DOMAIN, AGENT_INTERFACES], node: NODE },
  {
    name: 'fhir',
    from: '^gateway/src/fhir/',
    rooms: [DOMAIN],
    packages: ['@medplum/', 'fhir', '@types/fhir', 'zod'],
    node: NODE,
  },
  {
    name: 'exports',
    from: '^gateway/src/exports/',
    rooms: [DOMAIN, AGENT_INTERFACES, ...gateway('fhir')],
    packages: ['csv-stringify'],
    node: NODE,
  },
  {
    name: 'http',
    from: '^gateway/src/http/',
    rooms: [DOMAIN, AGENT_INTERFACES, API_SHAPES, ...gateway('fhir', 'exports')],
    packages: [
      ...['express', '@types/express', 'express-rate-limit', 'helmet', 'better-sse', 'zod', '@asteasolutions/'],
      // Uploads of consents.
      'csv-parse',
    ],
    node: NODE,
  },
  {
    name: 'gateway-wiring',
    from: '^gateway/src/[^/]+$',
    rooms: ['^gateway/src/', DOMAIN, SQLITE, API_SHAPES],
    packages: ['*'],
    node: NODE,
  },
  { name: 'client', from: '^gateway/client/src/', rooms: [DOMAIN], packages: ['undici', 'zod'], node: NODE },
  {
    name: 'cli',
    from: '^gateway/cli/src/',
    rooms: [DOMAIN, API_CLIENT],
    packages: ['commander', '@bomb.sh/tab', 'listr2', 'zod'],
    node: NODE,
  },
  {
    name: 'console',
    from: '^gateway/console/src/',
    rooms: [DOMAIN, API_CLIENT],
    packages: ['react', 'react-dom', '@types/react', '@types/react-dom', '@tanstack/', 'vega', 'vega-lite'],
  },
  {
    name: 'demo',
    from: '^network/demo/src/',
    rooms: [DOMAIN, API_CLIENT],
    packages: ['commander', 'listr2', 'vega', 'vega-lite', 'zod', 'csv-parse', 'hyparquet'],
    node: NODE,
  },
  {
    name: 'embedded',
    from: '^network/embedded/src/',
    rooms: [SQLITE],
    packages: ['@hyperledger/fabric-protos', '@grpc/', 'google-protobuf', '@types/google-protobuf', 'zod'],
    node: NODE,
  },
  {
    name: 'network',
    from: '^network/src/(?!channel/fabric/|channelConfig/|channelTool/|peerAccess)',
    rooms: [DOMAIN],
    packages: ['commander', '@peculiar/x509', 'reflect-metadata', 'zod'],
    node: NODE,
  },
  {
    // Real peers and orderers are joined and given their chaincode by Fabric's own messages, and every channel is read by them.
    name: 'network-fabric',
    from: '^network/src/(channel/fabric/|channelConfig/|channelTool/|peerAccess)',
    rooms: [DOMAIN, '^network/src/'],
    packages: ['@hyperledger/', '@grpc/grpc-js', 'commander', 'zod'],
    node: NODE,
  },
  { name: 'sqlite', from: '^network/sqlite/src/', packages: ['@photostructure/sqlite'], node: NODE },
  { name: 'setup', from: '^network/setup/', node: NODE },
];

/** What a test beside the code may use on top of its room. */
const TEST_PACKAGES = [
  '@jest/globals',
  '@peculiar/x509',
  'fast-check',
  'json-canonicalize',
  'reflect-metadata',
  'yaml',
];
const TEST_SUPPORT = '^test/support/';
const TEST = '(\\.test\\.ts$|\\btesting/)';

const ROOM = '^(chaincode|gateway|network|test)/';

const escaped = (text) => text.replace(/[.+]/g, '\\$&');

/** @param {string[]} packages */
const packagePaths = (packages) =>
  packages.map((name) =>
    name === '*' ? 'node_modules/' : `node_modules/${escaped(name)}${name.endsWith('/') ? '' : '(/|$)'}`,
  );

/** @param {string[]} modules */
const nodePaths = (modules) => modules.map((name) => `^(node:)?${name === '*' ? '' : `${name}(/|$)`}`);

/** @param {Room} room */
function rulesOf({ name, from, rooms = [], packages = [], node = [] }) {
  const own = from.replace(/\(\?!.*$/, '').replace(/\[\^\/\]\+\$$/, '');
  const rule = (suffix, part, to) => ({
    name: `${name}-imports-${suffix}`,
    severity: 'error',
    comment: `What ${name} may import stands in ROOMS of .dependency-cruiser.cjs.`,
    from: part,
    to,
  });
  const code = { path: from, pathNot: TEST };
  const tests = { path: from.endsWith('$') ? `${from.slice(0, -1)}${TEST}` : `${from}.*${TEST}` };
  const core = { dependencyTypes: ['core'] };
  return [
    rule('rooms', code, { path: ROOM, pathNot: [own, ...rooms] }),
    rule('rooms-in-tests', tests, { path: ROOM, pathNot: [own, ...rooms, TEST_SUPPORT] }),
    rule('packages', code, { path: 'node_modules/', pathNot: packagePaths(packages) }),
    rule('packages-in-tests', tests, { path: 'node_modules/', pathNot: packagePaths([...packages, ...TEST_PACKAGES]) }),
    node.includes('*') ? [] : rule('node', code, { ...core, pathNot: nodePaths(node) }),
  ].flat();
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...ROOMS.flatMap(rulesOf),
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one thing, or share a third.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import that leads nowhere would slip through every rule above.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^node:' }, // a newer Node has modules that this one does not list
    },
    ...['from', 'to'].map((end) => ({
      name: `telling-name-${end}`,
      severity: 'error',
      comment: 'utils, helpers and common say nothing of what is inside: name the noun.',
      from: {},
      to: {},
      [end]: { path: '(^|/)(utils?|helpers?|common)(\\.[cm]?[jt]sx?$|/)', pathNot: 'node_modules/' },
    })),
  ],
  options: {
    // Workspaces resolve to each other's `dist`: seen as the end of an import, never excluded, or the edge is lost.
    doNotFollow: { path: ['node_modules', '/dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
