import { connect } from 'node:tls';
import { REQUEST_BODY_BYTES_MAX } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROUTES } from './routes/index.js';
import { ApiUnderTest, tokenOf } from './testing/apiUnderTest.js';
import { digestOf, HEART, PROTOCOL, writeStudy } from './testing/channelExample.js';

let api: ApiUnderTest;
beforeEach(async () => {
  api = new ApiUnderTest();
  await api.start({ requestMs: 300, headersMs: 200, checkMs: 50 });
});
afterEach(async () => {
  await api.stop();
});

describe('a body', () => {
  test('over the limit is refused, and nothing is sent to the channel', async () => {
    const reply = await api.ask('POST', '/studies', {
      as: 'researcher',
      raw: `"${'x'.repeat(REQUEST_BODY_BYTES_MAX)}"`,
    });
    expect(reply).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE' } });
    expect(api.sent).toEqual([]);
  });

  test('that is not JSON, or is said to be something else, is refused', async () => {
    const broken = await api.ask('POST', '/studies', { as: 'researcher', raw: '{"study":' });
    expect(broken).toMatchObject({ status: 400, json: { code: 'INPUT_INVALID', detail: 'the body is not JSON' } });
    const headers = { 'content-type': 'text/plain' };
    const plain = await api.ask('POST', '/studies', { as: 'researcher', raw: '{}', headers });
    expect(plain.json).toMatchObject({ code: 'INPUT_INVALID', detail: expect.stringContaining('application/json') });
    const encoded = await api.ask('POST', '/studies', {
      as: 'researcher',
      raw: '{}',
      headers: { 'content-encoding': 'x-unknown' },
    });
    expect(encoded).toMatchObject({ status: 400, json: { code: 'INPUT_INVALID' } });
  });

  test('names each thing that is wrong, and quotes nothing of it', async () => {
    const body = { version: 'secret one', protocolHash: 'short', subject: 1 };
    const reply = await api.post(`/studies/${HEART}/approvals`, body, { as: 'compliance-officer' });
    expect(reply.status).toBe(400);
    expect(reply.json.detail).toMatch(/body\.version/);
    expect(reply.json.detail).toMatch(/body\.protocolHash/);
    expect(reply.json.detail).not.toMatch(/secret one/);
    expect(api.sent).toEqual([]);
  });

  test('with a protocol that cannot be is refused before it is sent', async () => {
    const protocol = { ...PROTOCOL, columns: [...PROTOCOL.columns, ...PROTOCOL.columns] };
    const reply = await api.post('/studies', { study: HEART, protocol });
    expect(reply).toMatchObject({ status: 400, json: { code: 'PROTOCOL_MODEL_INVALID' } });
    expect(api.sent).toEqual([]);
  });

  test('that stalls ends the connection', async () => {
    const ended = await new Promise<string>((resolve, reject) => {
      const socket = connect(api.address, () => {
        socket.write(
          `POST /api/v1/studies HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${tokenOf('researcher')}\r\n` +
            'content-type: application/json\r\ncontent-length: 100\r\n\r\n{"study":',
        );
      });
      let answer = '';
      socket.on('data', (chunk) => {
        answer += String(chunk);
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
    expect(ended).toMatch(/^HTTP\/1\.1 408/);
  });
});

describe('a path', () => {
  test.each([
    '/studies/..%2f..%2fetc%2fpasswd',
    '/studies/Heart',
    '/studies/heart%00',
    '/studies/heart/rounds/-1',
    '/studies/heart/rounds/1e3',
    '/studies/heart/models/99999999999/file',
    '/studies/%ff',
    '/transactions/abc',
  ])('%s is not one', async (path) => {
    const reply = await api.get(path);
    expect(reply).toMatchObject({ status: 400, json: { code: 'INPUT_INVALID' } });
  });

  test.each(['/nothing', '/studies/heart/secrets', '!/etc/passwd', '!/api/v2/studies', '!/api/v1/../v1/nothing'])(
    '%s leads nowhere',
    async (path) => {
      const reply = await api.get(path);
      expect(reply).toMatchObject({ status: 404, json: { code: 'ROUTE_UNKNOWN' } });
    },
  );

  test('of what is not recorded says so', async () => {
    expect((await api.get('/studies/lung')).json).toMatchObject({ code: 'STUDY_UNKNOWN' });
    writeStudy(api.state);
    expect((await api.get('/studies/heart/rounds/7')).json).toMatchObject({ code: 'ROUND_UNKNOWN' });
    expect((await api.get('/studies/heart/models/7')).json).toMatchObject({ code: 'MODEL_UNKNOWN' });
    expect((await api.get('/jobs/7')).json).toMatchObject({ code: 'JOB_UNKNOWN' });
  });

  test('that is listed at the root leads somewhere', async () => {
    const { routes } = (await api.get('')).json as { routes: string[] };
    expect(routes).toEqual(ROUTES);
    for (const route of routes.filter((one) => one !== 'GET /events')) {
      const [method = '', path = ''] = route.split(' ');
      const filled = path
        .replace(':study', 'heart')
        .replace(/:(round|version)/, '0')
        .replace(':transactionId', digestOf('x'))
        .replace(':job', 'x');
      const reply = await api.ask(method, filled, { as: 'researcher', ...(method === 'POST' ? { body: {} } : {}) });
      expect([route, reply.json.code]).not.toEqual([route, 'ROUTE_UNKNOWN']);
    }
  });
});

describe('a list', () => {
  beforeEach(() => {
    for (const name of ['alpha', 'beta', 'delta', 'gamma']) writeStudy(api.state, [], name as never);
  });

  test('comes in pages that hold together while it grows', async () => {
    const first = (await api.get('/studies?limit=2')).json;
    expect(first.items.map(({ study }: { study: string }) => study)).toEqual(['alpha', 'beta']);
    expect(first.total).toBe(4);
    writeStudy(api.state, [], 'aaa' as never);
    const second = (await api.get(`/studies?limit=2&cursor=${first.next}`)).json;
    expect(second.items.map(({ study }: { study: string }) => study)).toEqual(['delta', 'gamma']);
    expect(second).toMatchObject({ total: 5, next: null });
  });

  test.each(['limit=0', 'limit=201', 'limit=two', 'limit=1&limit=2'])('refuses %s', async (query) => {
    expect(await api.get(`/studies?${query}`)).toMatchObject({ status: 400, json: { code: 'INPUT_INVALID' } });
  });

  test('refuses a cursor that it did not give', async () => {
    const { next } = (await api.get('/studies?limit=2')).json;
    for (const [path, cursor] of [
      ['/studies', 'nonsense'],
      ['/hospitals', next],
      ['/studies', Buffer.from('["studies"]').toString('base64url')],
    ])
      expect((await api.get(`${path}?cursor=${cursor}`)).json).toMatchObject({ code: 'PAGE_CURSOR_INVALID' });
  });
});

describe('what goes wrong inside', () => {
  test('is told by a reference into the log, and by nothing else', async () => {
    writeStudy(api.state);
    api.ownRows = {
      ...api.ownRows,
      report: async () => {
        throw new Error('the row of patient 17 is broken');
      },
    };
    const reply = await api.get('/studies/heart/data-report', { as: 'data-steward' });
    expect(reply).toMatchObject({ status: 500, json: { code: 'INTERNAL' } });
    expect(reply.text).not.toMatch(/patient 17/);
    const reference = /under (\S+)$/.exec(reply.json.detail)?.[1];
    expect(api.logged.some(({ fields }) => fields.reference === reference)).toBe(true);
  });

  test('answers carry headers that keep browsers careful, and are kept nowhere', async () => {
    const { headers } = await api.get('/studies');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.stringContaining('max-age'),
    });
    expect(headers['x-powered-by']).toBeUndefined();
  });
});
