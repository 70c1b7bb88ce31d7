import { peer } from '@hyperledger/fabric-protos';
import type { Caller } from '../support/caller.js';
import { type Case, pair, pairOfAny } from '../support/case.js';
import { collection, collections } from '../support/collections.js';
import { SECOND } from '../support/deployment.js';
import { CLEVELAND, HUNGARY, SWITZERLAND, VA } from '../support/hospitals.js';
import { type Definition, Lifecycle } from '../support/lifecycle.js';
import { channelPolicy, outOf, signaturePolicy } from '../support/policies.js';
import type { Stage } from '../support/stage.js';

const MAJORITY = [CLEVELAND, HUNGARY, SWITZERLAND];

/** The first definition of a chaincode that nobody has. */
function draft(name: string, change: Partial<Definition> = {}): Definition {
  return { name, version: '1', sequence: 1, ...change };
}

function at({ admins: [cleveland] }: Stage): Lifecycle {
  return new Lifecycle(cleveland as Caller);
}

function atVa({ admins }: Stage): Lifecycle {
  return new Lifecycle(admins[3] as Caller);
}

/** Approved by so many hospitals. */
async function approved(stage: Stage, definition: Definition, hospitals: number): Promise<void> {
  for (const caller of stage.admins.slice(0, hospitals)) await new Lifecycle(caller).approve(definition);
}

/** Approved by all and committed. */
async function defined(stage: Stage, definition: Definition): Promise<number> {
  await approved(stage, definition, 4);
  return await at(stage).commit(definition, MAJORITY);
}

function describe(
  result: peer.lifecycle.QueryChaincodeDefinitionResult | peer.lifecycle.QueryApprovedChaincodeDefinitionResult,
) {
  return {
    sequence: result.getSequence(),
    versionLength: result.getVersion().length,
    endorsement: result.getEndorsementPlugin(),
    validation: result.getValidationPlugin(),
    policy: Buffer.from(result.getValidationParameter_asU8()).toString('base64'),
    initRequired: result.getInitRequired(),
    collections: (result.getCollections()?.getConfigList() ?? []).map((each) =>
      each.getStaticCollectionConfig()?.getName(),
    ),
  };
}

const APPROVE = '_lifecycle.ApproveChaincodeDefinitionForMyOrg';
const COMMIT = '_lifecycle.CommitChaincodeDefinition';

export const LIFECYCLE: readonly Case[] = [
  pair('_lifecycle.QueryChaincodeDefinition', 'committed definition', async (stage) => {
    const result = await at(stage).committed(stage.chaincode);
    return { ...describe(result), approvals: [...result.getApprovalsMap().entries()].sort() };
  }),
  pair('_lifecycle.QueryChaincodeDefinition', 'signature policy of its own', async (stage) =>
    describe(await at(stage).committed(SECOND)),
  ),
  pair('_lifecycle.QueryChaincodeDefinition', 'unknown chaincode', (stage) => at(stage).committed('nope')),
  pair(
    '_lifecycle.QueryChaincodeDefinitions',
    'names',
    async (stage) => (await at(stage).names()).filter((name) => [stage.chaincode, SECOND].includes(name)).length,
  ),
  pair('_lifecycle.QueryApprovedChaincodeDefinition', 'of the own organisation, with its package', async (stage) => {
    const result = await at(stage).approved(stage.chaincode);
    const id = result.getSource()?.getLocalPackage()?.getPackageId();
    return { ...describe(result), isItsPackage: id === stage.packageId };
  }),
  pair('_lifecycle.QueryApprovedChaincodeDefinition', 'of an earlier sequence', async (stage) =>
    describe(await at(stage).approved(stage.chaincode, 1)),
  ),
  pair('_lifecycle.QueryApprovedChaincodeDefinition', 'of a sequence to come', (stage) =>
    at(stage).approved(stage.chaincode, 9),
  ),
  pair('_lifecycle.QueryApprovedChaincodeDefinition', 'unknown chaincode', (stage) => at(stage).approved('nope')),
  pair('_lifecycle.CheckCommitReadiness', 'nobody agrees', (stage) => at(stage).readiness(draft('lc-nobody'))),
  pair('_lifecycle.CheckCommitReadiness', 'some agree', async (stage) => {
    await approved(stage, draft('lc-some'), 2);
    return await at(stage).readiness(draft('lc-some'));
  }),
  pair('_lifecycle.CheckCommitReadiness', 'they agree to another version', async (stage) => {
    await approved(stage, draft('lc-version'), 1);
    return await at(stage).readiness(draft('lc-version', { version: '2' }));
  }),
  pair('_lifecycle.CheckCommitReadiness', 'they agree to another policy', async (stage) => {
    await approved(stage, draft('lc-policy'), 1);
    return await at(stage).readiness(draft('lc-policy', { policy: signaturePolicy(outOf(1, VA)) }));
  }),
  pair('_lifecycle.CheckCommitReadiness', 'sequence that is committed', (stage) =>
    at(stage).readiness(draft(stage.chaincode, { sequence: 2, version: stage.version })),
  ),
  pair('_lifecycle.CheckCommitReadiness', 'sequence that is too high', (stage) =>
    at(stage).readiness(draft('lc-high', { sequence: 3 })),
  ),
  pair(APPROVE, 'without a package', (stage) => at(stage).approve(draft('lc-without'))),
  pairOfAny(APPROVE, 'organisations not named', (stage) => {
    const args = new peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
    args.setName('lc-unnamed');
    args.setVersion('1');
    args.setSequence(1);
    args.setValidationParameter(channelPolicy().serializeBinary());
    return at(stage).submit('ApproveChaincodeDefinitionForMyOrg', args.serializeBinary());
  }),
  pair(APPROVE, 'at the peer of another organisation', async (stage) => {
    const code = await at(stage).approve(draft('lc-elsewhere'), undefined, [HUNGARY]);
    return [code, await at(stage).readiness(draft('lc-elsewhere'))];
  }),
  pair(APPROVE, 'by who is no administrator', ({ cleveland }) => new Lifecycle(cleveland).approve(draft('lc-client'))),
  pair(COMMIT, 'by who is no administrator', async (stage) => {
    await approved(stage, draft('lc-clients'), 3);
    return await new Lifecycle(stage.cleveland).commit(draft('lc-clients'), MAJORITY);
  }),
  pair(APPROVE, 'again, unchanged', async (stage) => {
    await approved(stage, draft('lc-again'), 1);
    return await at(stage).approve(draft('lc-again'));
  }),
  pair(APPROVE, 'again, changed, before it is committed', async (stage) => {
    await approved(stage, draft('lc-changed'), 1);
    const changed = draft('lc-changed', { version: '2' });
    return [await at(stage).approve(changed), await at(stage).readiness(changed)];
  }),
  pair(APPROVE, 'committed sequence again, unchanged', async (stage) => {
    await defined(stage, draft('lc-committed'));
    return await at(stage).approve(draft('lc-committed'));
  }),
  pair(APPROVE, 'committed sequence again, changed', async (stage) => {
    await defined(stage, draft('lc-fixed'));
    return await at(stage).approve(draft('lc-fixed', { version: '2' }));
  }),
  pair(APPROVE, 'committed sequence, by who had not', async (stage) => {
    await approved(stage, draft('lc-late'), 3);
    await at(stage).commit(draft('lc-late'), MAJORITY);
    const late = atVa(stage);
    const before = (await late.committed('lc-late')).getApprovalsMap().get(VA);
    return [before, await late.approve(draft('lc-late')), (await late.committed('lc-late')).getApprovalsMap().get(VA)];
  }),
  pair(APPROVE, 'sequence that is too high', (stage) => at(stage).approve(draft('lc-jump', { sequence: 2 }))),
  pair(APPROVE, 'sequence zero', (stage) => at(stage).approve(draft('lc-zero', { sequence: 0 }))),
  pair(APPROVE, 'name that is none', (stage) => at(stage).approve(draft('no name'))),
  pair(APPROVE, 'empty name', (stage) => at(stage).approve(draft(''))),
  pair(APPROVE, 'name of a system chaincode', (stage) => at(stage).approve(draft('qscc'))),
  pair(APPROVE, 'version that is none', (stage) => at(stage).approve(draft('lc-a', { version: 'no version' }))),
  pair(APPROVE, 'empty version', (stage) => at(stage).approve(draft('lc-a', { version: '' }))),
  pair(APPROVE, 'unknown policy of the channel', (stage) =>
    at(stage).approve(draft('lc-a', { policy: channelPolicy('/Channel/Application/Nothing') })),
  ),
  pair(APPROVE, 'policy without content', (stage) =>
    at(stage).approve(draft('lc-a', { policy: new peer.ApplicationPolicy() })),
  ),
  pair(APPROVE, 'package that is not installed', (stage) =>
    at(stage).approve(draft('lc-a'), `nothing:${'0'.repeat(64)}`),
  ),
  ...(
    [
      ['name that is none', { name: 'no name' }],
      ['name like an implicit one', { name: '_implicit_org_ClevelandMSP' }],
      ['negative requiredPeerCount', { name: 'c', required: -1 }],
      ['requiredPeerCount over maxPeerCount', { name: 'c', required: 2, maximum: 1 }],
    ] as const
  ).map(([outcome, rules]) =>
    pair(APPROVE, `collection: ${outcome}`, (stage) => {
      const all = new peer.CollectionConfigPackage();
      all.addConfig(collection(rules));
      return at(stage).approve(draft('lc-a', { collections: all }));
    }),
  ),
  pair(APPROVE, 'collection: twice the same', (stage) => {
    const all = collections();
    all.addConfig(collection({ name: 'shared' }));
    return at(stage).approve(draft('lc-a', { collections: all }));
  }),
  pair(COMMIT, 'majority agrees', async (stage) => {
    await approved(stage, draft('lc-majority'), 3);
    return await at(stage).commit(draft('lc-majority'), MAJORITY);
  }),
  pair(COMMIT, 'majority agrees, organisations not named', async (stage) => {
    await approved(stage, draft('lc-everybody'), 4);
    return await at(stage).commit(draft('lc-everybody'));
  }),
  pair(COMMIT, 'too few agree', async (stage) => {
    await approved(stage, draft('lc-few'), 1);
    return await at(stage).commit(draft('lc-few'), MAJORITY);
  }),
  pair(COMMIT, 'the own organisation does not agree', async (stage) => {
    await approved(stage, draft('lc-others'), 2);
    return await atVa(stage).commit(draft('lc-others'), [VA]);
  }),
  pair(COMMIT, 'endorsed by too few', async (stage) => {
    await approved(stage, draft('lc-endorsed'), 4);
    return await at(stage).commit(draft('lc-endorsed'), [CLEVELAND]);
  }),
  pair(COMMIT, 'again', async (stage) => {
    await defined(stage, draft('lc-twice'));
    return await at(stage).commit(draft('lc-twice'), [CLEVELAND]);
  }),
  pair(COMMIT, 'next sequence', async (stage) => {
    await defined(stage, draft('lc-next'));
    const code = await defined(stage, draft('lc-next', { sequence: 2, version: '2' }));
    return [code, (await at(stage).committed('lc-next')).getSequence()];
  }),
  pair(COMMIT, 'nobody agrees', (stage) => at(stage).commit(draft('lc-none'), [SWITZERLAND])),
  pair('defined chaincode', 'that no peer has, evaluated', async (stage) => {
    await defined(stage, draft('lc-absent'));
    return await stage.cleveland.network.getContract('lc-absent').evaluateTransaction('x');
  }),
  pair('defined chaincode', 'that no peer has, endorsed', async (stage) => {
    await defined(stage, draft('lc-absent-too'));
    return await stage.cleveland.network.getContract('lc-absent-too').submitTransaction('x');
  }),
  pair('defined chaincode', 'another version is another one in a conflict', async (stage) => {
    const second = stage.cleveland.network.getContract(SECOND);
    const stale = await second.newProposal('State:put', { arguments: ['lc-stale', 'x'] }).endorse();
    const { version } = stage;
    const policy = signaturePolicy(outOf(2, HUNGARY, VA));
    const next = { name: SECOND, version, sequence: 2, policy };
    for (const caller of stage.admins) await new Lifecycle(caller).approve(next, stage.packageId);
    await at(stage).commit(next, MAJORITY);
    return (await stage.cleveland.commit(stale)).code;
  }),
  pair('_lifecycle', 'unknown function', (stage) => at(stage).evaluate('Nothing', new Uint8Array())),
  pair('_lifecycle', 'no arguments', (stage) => at(stage).evaluate('QueryChaincodeDefinition')),
  pair('_lifecycle', 'two arguments', (stage) =>
    at(stage).evaluate('QueryChaincodeDefinition', new Uint8Array(), new Uint8Array()),
  ),
  pair('_lifecycle', 'argument that is no message', (stage) =>
    at(stage).evaluate('QueryChaincodeDefinition', Buffer.from('ffff', 'hex')),
  ),
  pair('_lifecycle.QueryInstalledChaincodes', 'by who is no administrator', (stage) =>
    new Lifecycle(stage.cleveland).evaluate('QueryInstalledChaincodes', new Uint8Array()),
  ),
  pair('_lifecycle.InstallChaincode', 'by who is no administrator', (stage) =>
    new Lifecycle(stage.cleveland).evaluate('InstallChaincode', new Uint8Array()),
  ),
];
