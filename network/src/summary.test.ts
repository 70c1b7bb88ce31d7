import { describe, expect, test } from '@jest/globals';
import { networkAddresses } from './addresses.js';
import { networkSummary } from './summary.js';

const gateway = (name: string) => ({
  msp: `${name}MSP`,
  name,
  apiUrl: `https://localhost:${20_000 + name.length}`,
  caFile: `/home/${name}/tlsca.pem`,
  tokens: { admin: `/home/${name}/people/admin/token`, researcher: `/home/${name}/people/researcher/token` },
});

describe('networkSummary', () => {
  test('names every gateway, where its tokens are, and what the channel is not for', () => {
    const gateways = ['Cleveland', 'Hungary', 'VA'].map(gateway);
    const text = networkSummary(networkAddresses('embedded', 6.12, gateways), true);
    expect(text.split('\n').slice(0, 4)).toEqual([
      'The network is up: 3 hospitals, embedded channel, 6.1 s.',
      '  Cleveland  https://localhost:20009  tokens: /home/Cleveland/people/<role>/token',
      '  Hungary    https://localhost:20007  tokens: /home/Hungary/people/<role>/token',
      '  VA         https://localhost:20002  tokens: /home/VA/people/<role>/token',
    ]);
    expect(text).toContain('for development and demonstration only');
    expect(text).toContain('curl --cacert /home/Cleveland/tlsca.pem');
    expect(text).not.toContain('Two hospitals');
    expect(text).toContain('Ctrl-C stops it');
  });

  test('says that of two hospitals both must be up', () => {
    const text = networkSummary(networkAddresses('embedded', 1, ['A', 'B'].map(gateway)), false);
    expect(text).toContain('Two hospitals: both must be up for any transaction');
    expect(text).toContain('npm stop stops it');
  });
});
