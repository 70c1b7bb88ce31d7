import { text } from '../support/caller.js';
import { type Case, pair, pairAtDeadline } from '../support/case.js';
import { CLEVELAND, HOSPITALS, SWITZERLAND } from '../support/hospitals.js';

export const EVALUATE: readonly Case[] = [
  pair('Contract.evaluateTransaction', 'result of the own peer', ({ cleveland }) =>
    cleveland.evaluate('Proposals:peer'),
  ),
  pair('Contract.evaluate', 'result of a named peer', ({ cleveland }) =>
    cleveland.evaluateAt(SWITZERLAND, 'Proposals:peer'),
  ),
  pair('Contract.evaluate', 'several named, the own one among them', async ({ cleveland }) =>
    text(await cleveland.contract.evaluate('Proposals:peer', { endorsingOrganizations: [...HOSPITALS].reverse() })),
  ),
  pair('Contract.evaluate', 'named organisation has no peer', ({ cleveland }) =>
    cleveland.evaluateAt('NopeMSP', 'State:get', 'a'),
  ),
  pair('Contract.evaluate', 'no organisation named', async ({ cleveland }) =>
    text(await cleveland.contract.evaluate('Proposals:peer', { endorsingOrganizations: [] })),
  ),
  pair('Contract.evaluate', 'transient values stay at the own peer', async ({ cleveland }) =>
    text(await cleveland.contract.evaluate('Proposals:peer', { transientData: { value: 'secret' } })),
  ),
  pair('Contract.evaluate', 'error at a named peer names its organisation', ({ cleveland }) =>
    cleveland.evaluateAt(SWITZERLAND, 'Results:fail', 'far away'),
  ),
  pair('Contract.evaluate', 'of a contract by its name', async ({ cleveland, chaincode }) => {
    await cleveland.submit('State:put', 'ev-named', 'x');
    const named = cleveland.network.getContract(chaincode, 'State');
    return [
      named.getContractName(),
      named.getChaincodeName() === chaincode,
      text(await named.evaluateTransaction('get', 'ev-named')),
    ];
  }),
  pair('Contract.evaluate', 'unknown chaincode', ({ cleveland }) =>
    cleveland.network.getContract('nope').evaluateTransaction('x'),
  ),
  pair('Contract.evaluate', 'unknown channel', ({ cleveland, chaincode }) =>
    cleveland.gateway.getNetwork('nope').getContract(chaincode).evaluateTransaction('x'),
  ),
  pair('Contract.evaluate', 'channel without name', ({ cleveland, chaincode }) =>
    cleveland.gateway.getNetwork('').getContract(chaincode).evaluateTransaction('x'),
  ),
  pair('Contract.evaluate', 'chaincode without name', ({ cleveland }) =>
    cleveland.network.getContract('').evaluateTransaction('x'),
  ),
  pair('Contract.evaluate', 'one peer fails at another hospital, the own one answers', ({ cleveland }) =>
    cleveland.evaluate('Results:failAt', SWITZERLAND),
  ),
  pair('Contract.evaluate', 'an error of the contract is final, others are not asked', ({ cleveland }) =>
    cleveland.evaluate('Results:failAt', CLEVELAND),
  ),
  pair('Proposal.evaluate', 'same proposal twice', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('Results:text');
    return [text(await proposal.evaluate()), text(await proposal.evaluate())];
  }),
  pairAtDeadline('Proposal.evaluate', 'deadline passes', ({ cleveland }) =>
    cleveland.contract.newProposal('Results:wait', { arguments: ['800'] }).evaluate({ deadline: Date.now() + 400 }),
  ),
  pairAtDeadline('Proposal.evaluate', 'deadline passed before', ({ cleveland }) =>
    cleveland.contract.newProposal('Results:text').evaluate({ deadline: Date.now() - 1 }),
  ),
  pair('Proposal.evaluate', 'id of a committed transaction', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('State:put', { arguments: ['ev-committed', 'x'] });
    await cleveland.commit(await proposal.endorse());
    return text(await proposal.evaluate());
  }),
  pair('Gateway.getIdentity', 'organisation and certificate', async ({ cleveland, alice }) => {
    const { mspId, credentials } = cleveland.gateway.getIdentity();
    return [mspId, text(credentials) === alice.certificate];
  }),
  pair(
    'Network.getName',
    "is the channel's name",
    async ({ cleveland, channel }) => cleveland.network.getName() === channel,
  ),
];
