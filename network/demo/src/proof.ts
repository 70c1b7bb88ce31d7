/** What an auditor reads: the lineage of versions, and every hospital's attestation of the final digest. */
import type { ModelResource, RoundResource } from '@consilium/client';
import { textTable } from '@consilium/client/text';
import { canonicalJson } from '@consilium/domain';
import type { DemoHospital } from './hospitals.js';

export function lineageTable(models: readonly ModelResource[]): string {
  return textTable(
    ['version', 'kind', 'digest (SHA-256)', 'made from', 'hospitals', 'attested by', 'disputes', 'status'],
    models.map((model) => [
      String(model.version),
      model.kind,
      `${model.digest.slice(0, 24)}…`,
      model.parent ? `version ${model.parent.version}` : 'the protocol',
      model.kind === 'initial' ? '-' : String(model.survivors.length),
      String(model.attestations),
      String(model.disputes.length),
      model.status,
    ]),
  );
}

/** One line a hospital: what it attested of the last round, and where that stands on the channel. */
export function attestationTable(hospitals: readonly DemoHospital[], round: RoundResource): string {
  return textTable(
    ['hospital', 'attests the digest', 'block', 'transaction'],
    hospitals.map(({ msp, name }) => {
      const attestation = round.attested[msp];
      if (!attestation) return [name, 'nothing', '-', '-'];
      const { outcome, record } = attestation;
      const said = outcome.kind === 'version' ? outcome.digest : outcome.reason;
      return [name, said, String(record.block), `${record.transactionId.slice(0, 16)}…`];
    }),
  );
}

/** How many attestations of a round are equal in everything: digest, sum and result. */
export function equalAttestations(round: RoundResource): number {
  const camps = new Map<string, number>();
  for (const { outcome } of Object.values(round.attested)) {
    const key = canonicalJson(outcome);
    camps.set(key, (camps.get(key) ?? 0) + 1);
  }
  return Math.max(0, ...camps.values());
}
