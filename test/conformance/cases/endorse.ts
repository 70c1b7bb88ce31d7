import { text } from '../support/caller.js';
import { type Case, pair, pairAtDeadline, pairOfAny } from '../support/case.js';
import { CLEVELAND, HOSPITALS, HUNGARY, SWITZERLAND, VA } from '../support/hospitals.js';
import { endorsersOf, envelopeOf } from '../support/messages.js';

export const ENDORSE: readonly Case[] = [
  pair('Proposal.endorse', 'by the own peer and as many others as the policy asks for', async ({ cleveland }) => {
    const endorsers = endorsersOf(envelopeOf((await cleveland.endorse('State:put', 'en-majority', 'x')).getBytes()));
    return [endorsers.length, endorsers.includes(CLEVELAND)];
  }),
  pair('Proposal.endorse', 'by all named organisations', async ({ cleveland }) => {
    const options = { arguments: ['en-all', 'x'], endorsingOrganizations: [...HOSPITALS] };
    return endorsersOf(envelopeOf((await cleveland.contract.newProposal('State:put', options).endorse()).getBytes()));
  }),
  pair('Proposal.endorse', 'by one named organisation that is not the own one', async ({ cleveland }) => {
    const options = { arguments: ['en-one', 'x'], endorsingOrganizations: [VA] };
    return endorsersOf(envelopeOf((await cleveland.contract.newProposal('State:put', options).endorse()).getBytes()));
  }),
  pair('Proposal.endorse', 'organisation named twice', async ({ cleveland }) => {
    const options = { arguments: ['en-twice', 'x'], endorsingOrganizations: [VA, VA] };
    return endorsersOf(envelopeOf((await cleveland.contract.newProposal('State:put', options).endorse()).getBytes()));
  }),
  pair('Proposal.endorse', 'no organisation named', async ({ cleveland }) => {
    const options = { arguments: ['en-none', 'x'], endorsingOrganizations: [] };
    const transaction = await cleveland.contract.newProposal('State:put', options).endorse();
    return endorsersOf(envelopeOf(transaction.getBytes())).length;
  }),
  pair('Proposal.endorse', 'named organisation has no peer', ({ cleveland }) =>
    cleveland.contract
      .newProposal('State:put', { arguments: ['a', 'b'], endorsingOrganizations: ['NopeMSP'] })
      .endorse(),
  ),
  pair('Proposal.endorse', 'several named organisations have no peer', ({ cleveland }) =>
    cleveland.contract
      .newProposal('State:put', { arguments: ['a', 'b'], endorsingOrganizations: ['NopeMSP', CLEVELAND, 'NadaMSP'] })
      .endorse(),
  ),
  pair('Proposal.endorse', 'unknown chaincode', ({ cleveland }) =>
    cleveland.network.getContract('nope').newProposal('x').endorse(),
  ),
  pair('Proposal.endorse', 'unknown chaincode at a named organisation', ({ cleveland }) =>
    cleveland.network
      .getContract('nope')
      .newProposal('x', { endorsingOrganizations: [CLEVELAND] })
      .endorse(),
  ),
  pair('Proposal.endorse', 'unknown channel', ({ cleveland, chaincode }) =>
    cleveland.gateway.getNetwork('nope').getContract(chaincode).newProposal('x').endorse(),
  ),
  pair('Proposal.endorse', 'channel without name', ({ cleveland, chaincode }) =>
    cleveland.gateway.getNetwork('').getContract(chaincode).newProposal('x').endorse(),
  ),
  pair('Proposal.endorse', 'chaincode without name', ({ cleveland }) =>
    cleveland.network.getContract('').newProposal('x').endorse(),
  ),
  pairOfAny('Proposal.endorse', 'results differ everywhere', ({ cleveland }) =>
    cleveland.endorse('Results:differ', 'en-differ'),
  ),
  pair('Proposal.endorse', 'one other peer that differs is outvoted', ({ cleveland }) =>
    cleveland.submit('Results:differAt', VA),
  ),
  pair('Proposal.endorse', 'one other peer that fails is outvoted', ({ cleveland }) =>
    cleveland.submit('Results:failAt', VA),
  ),
  pairOfAny('Proposal.endorse', 'own peer that differs is not outvoted', ({ cleveland }) =>
    cleveland.endorse('Results:differAt', CLEVELAND),
  ),
  pair('Proposal.endorse', 'own peer that fails ends it', ({ cleveland }) =>
    cleveland.endorse('Results:failAt', CLEVELAND),
  ),
  pairOfAny('Proposal.endorse', 'two other peers that fail are too many', ({ cleveland }) =>
    cleveland.endorse('Results:failAtAny', JSON.stringify([VA, HUNGARY])),
  ),
  pair('Proposal.endorse', 'a named peer that fails ends it', ({ cleveland }) =>
    cleveland.contract
      .newProposal('Results:failAt', { arguments: [VA], endorsingOrganizations: [CLEVELAND, VA] })
      .endorse(),
  ),
  pairOfAny('Proposal.endorse', 'a named peer that differs ends it', ({ cleveland }) =>
    cleveland.contract
      .newProposal('Results:differAt', { arguments: [VA], endorsingOrganizations: [CLEVELAND, VA] })
      .endorse(),
  ),
  pair('Proposal.endorse', 'the only named peer fails', ({ cleveland }) =>
    cleveland.contract.newProposal('Results:failAt', { arguments: [VA], endorsingOrganizations: [VA] }).endorse(),
  ),
  pair('Proposal.endorse', 'same proposal again before it is committed', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('State:put', { arguments: ['en-again', 'x'] });
    await proposal.endorse();
    return text((await proposal.endorse()).getResult());
  }),
  pair('Proposal.endorse', 'same proposal again after it is committed', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('State:put', { arguments: ['en-committed', 'x'] });
    await cleveland.commit(await proposal.endorse());
    return await proposal.endorse();
  }),
  pairAtDeadline('Proposal.endorse', 'deadline passes', ({ cleveland }) =>
    cleveland.contract.newProposal('Results:wait', { arguments: ['800'] }).endorse({ deadline: Date.now() + 400 }),
  ),
  pair('Transaction.getResult', 'is what the function returned', async ({ cleveland }) =>
    text((await cleveland.endorse('State:put', 'en-result', 'x')).getResult()),
  ),
  pair('Transaction.getTransactionId', "is the proposal's", async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('State:put', { arguments: ['en-id', 'x'] });
    return (await proposal.endorse()).getTransactionId() === proposal.getTransactionId();
  }),
  pair('Contract.submit', 'at another gateway, its own peer endorses first', async (stage) => {
    const visitor = stage.caller(HUNGARY, await stage.person(HUNGARY, 'visitor'), {
      client: stage.client(SWITZERLAND),
    });
    const transaction = await visitor.endorse('State:put', 'en-visitor', 'x');
    return endorsersOf(envelopeOf(transaction.getBytes())).includes(SWITZERLAND);
  }),
];
