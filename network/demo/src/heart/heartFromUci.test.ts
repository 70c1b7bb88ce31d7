import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { heartFromUci } from './heartFromUci.js';

/** An empty ZIP archive. */
const EMPTY = Buffer.from('504b0506000000000000000000000000000000000000', 'hex');

const server = createServer((request, response) => {
  if (request.url === '/nothing') response.writeHead(404).end();
  else if (request.url === '/empty') response.end(EMPTY);
  else if (request.url === '/page') response.end('<html>come back later</html>');
  // `/silence` never answers.
});
let address: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('the download of UCI', () => {
  test.each([
    ['/nothing', /could not be fetched: the answer was 404/],
    ['/page', 'this is no ZIP archive'],
    ['/empty', 'the archive has no processed.cleveland.data'],
  ])('is refused where it is not the archive: %s', async (path, reason) => {
    await expect(heartFromUci(undefined, address + path)).rejects.toThrow(reason);
  });

  test('ends when it is called off', async () => {
    await expect(heartFromUci(AbortSignal.timeout(50), `${address}/silence`)).rejects.toThrow(/could not be fetched/);
  });
});
