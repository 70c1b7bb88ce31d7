import { ModelVersion, type Msp } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import {
  ContractChannel,
  HOSPITALS,
  protocolOf,
  STUDY,
  validated,
  versionOutcome,
} from '../support/contractChannel.js';

const T_MEMBERS = HOSPITALS.slice(0, 3);
const modelOf = (channel: ContractChannel, version: number) =>
  ModelVersion.parse(JSON.parse(channel.ledger.read(`model~${STUDY}~${String(version).padStart(10, '0')}`) ?? 'null'));

describe('a study from proposal to its end', () => {
  test('runs initial, statistics, training and evaluation, and records every version', async () => {
    const protocol = protocolOf();
    const channel = new ContractChannel();
    await channel.activeStudy(protocol);
    await channel.initialRound();
    await channel.next(protocol, 1, versionOutcome('statistics'));
    await channel.next(protocol, 2, versionOutcome('weights 2'));
    await channel.next(protocol, 3, versionOutcome('weights 3', { result: validated(-5) }));
    await channel.next(protocol, 4, versionOutcome('weights 3', { result: validated(-5) }));
    const kinds = [0, 1, 2, 3, 4].map((round) => channel.roundRecord(round).kind);
    expect(kinds).toEqual(['initial', 'statistics', 'training', 'training', 'evaluation']);
    expect(modelOf(channel, 3).status).toBe('candidate');
    await channel.submit(
      'ModelContract:recordVersion',
      { study: STUDY, round: 4, attestedBy: T_MEMBERS },
      HOSPITALS[1] as Msp,
    );
    expect([0, 1, 2, 3, 4].map((version) => modelOf(channel, version).status)).toEqual(Array(5).fill('accepted'));
    await expect(channel.open(5, T_MEMBERS)).rejects.toThrow(/^STUDY_ENDED: .*evaluated/);
  });
});
