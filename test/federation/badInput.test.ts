import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { ApiError, GatewayClient } from '@consilium/client';
import type { Role } from '@consilium/domain';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { PeerClient, textOfRefusal } from './support/peerClient.js';
import { type ProtocolChanges, smallStudy } from './support/smallStudy.js';
import { syntheticCsv } from './support/syntheticRows.js';

jest.setTimeout(240_000);

const STUDY = 'idle';

let federation: Federation;
let first: Hospital;
let second: Hospital;
/** On the channel, and in none of the studies. */
let stranger: Hospital;

beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch', 'Cedar']);
  [first, second, stranger] = federation.hospitals as [Hospital, Hospital, Hospital];
  await federation.begin(STUDY, protocol(), []);
});

afterAll(async () => federation?.stop());

const protocol = (changes: ProtocolChanges = {}) => smallStudy([first.msp, second.msp], changes);

const propose = (changes: Record<string, unknown>, hospital = first, role: Role = 'researcher', study = 'another') =>
  hospital
    .as(role)
    .proposeStudy({ study: study as never, protocol: { ...protocol(), ...changes } as never }, { wait: true });

const approve = async (hospital: Hospital, changes: object = {}, role: Role = 'compliance-officer') => {
  const { version, protocolHash } = await first.study(STUDY);
  return hospital.as(role).approveStudy(STUDY, { version, protocolHash, ...changes }, { wait: true });
};

const vote = (hospital: Hospital, study = STUDY, role: Role = 'compliance-officer') =>
  hospital.as(role).castVote(study, { subject: 'end', yes: true }, { wait: true });

/** The code that a call is refused with. No block is written by it. */
async function codeOf(call: () => Promise<unknown>): Promise<string> {
  const height = async () => (await first.researcher.channel()).height;
  const before = await height();
  const answer = await call().then(
    () => 'it was taken',
    (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      expect(error.detail.length).toBeGreaterThan(10);
      return error.code;
    },
  );
  expect(await height()).toBe(before);
  return answer;
}

describe('what people ask for and may not have', () => {
  const cases: [code: string, what: string, call: () => Promise<unknown>][] = [
    [
      'HOSPITAL_UNKNOWN',
      'a study with a hospital that is not on the channel',
      () => propose({ members: ['AlderMSP', 'NowhereMSP'] }),
    ],
    ['NOT_A_MEMBER', 'a study of others', () => propose({}, stranger)],
    ['NOT_A_MEMBER', "an approval of others' study", () => approve(stranger)],
    ['NOT_A_MEMBER', "a vote in others' study", () => vote(stranger)],
    ['ROLE_REQUIRED', 'a study proposed by an auditor', () => propose({}, first, 'auditor')],
    ['ROLE_REQUIRED', 'an approval by a researcher', () => approve(first, {}, 'researcher')],
    ['ROLE_REQUIRED', 'a vote by an administrator', () => vote(first, STUDY, 'admin')],
    ['ROLE_REQUIRED', 'a registration by a researcher', () => first.researcher.registerHospital({}, { wait: true })],
    ['ROLE_REQUIRED', 'studies read at the patient desk', () => first.as('patient-desk').study(STUDY)],
    ['UNAUTHENTICATED', 'anything with a token of another hospital', () => withToken(second.token('researcher'))],
    ['STUDY_UNKNOWN', 'a vote in no study', () => vote(first, 'nowhere')],
    ['STUDY_UNKNOWN', 'the data report of no study', () => first.researcher.dataReport('nowhere')],
    [
      'STUDY_ID_TAKEN',
      "another study under a study's name",
      () => propose({ members: ['BirchMSP', 'CedarMSP'] }, stranger, 'researcher', STUDY),
    ],
    [
      'STUDY_MEMBERS_CHANGED',
      'the study with one more hospital',
      () => propose({ members: federation.msps }, first, 'researcher', STUDY),
    ],
    ['ROUND_UNKNOWN', 'verification of a round that was not opened', () => first.researcher.verifyRound(STUDY, 0)],
    ['MODEL_UNKNOWN', 'a model that was not made', () => first.researcher.modelFile(STUDY, 3)],
    ['JOB_UNKNOWN', 'a job that was not started', () => first.researcher.job('5f8a')],
    [
      'PAGE_CURSOR_INVALID',
      'a page that the list did not name',
      () => first.researcher.studies({ cursor: 'bm93aGVyZQ' }),
    ],
    ['PROTOCOL_HASH_MISMATCH', 'an approval of another text', () => approve(first, { protocolHash: 'ab'.repeat(32) })],
    ['STUDY_VERSION_UNKNOWN', 'an approval of a version to come', () => approve(first, { version: 2 })],
  ];

  test.each(cases)('%s: %s', async (code, _what, call) => {
    expect(await codeOf(call)).toBe(code);
  });

  async function withToken(token: string): Promise<unknown> {
    const { apiUrl: url, caFile } = first.address;
    const client = new GatewayClient({ url, caFile, token });
    return client.studies().finally(() => client.close());
  }
});

describe('protocols that cannot be', () => {
  const cases: [code: string, what: string, changes: Record<string, unknown>][] = [
    [
      'PROTOCOL_OVERFLOWS',
      'weights and clip norm that overflow the sum',
      { aggregation: { weightMax: 1_000_000, clipNorm: 1_000 } },
    ],
    [
      'PROTOCOL_MODEL_INVALID',
      'a range that overflows',
      { columns: [{ kind: 'number', name: 'age', min: -1.7e308, max: 1.7e308 }] },
    ],
    ['PROTOCOL_MODEL_INVALID', 'a personal tensor that the model has not', { personalTensors: ['head/kernel'] }],
    ['PROTOCOL_PRIVATE_TOO_SMALL', 'private mode between two', { mode: 'private' }],
    ['INPUT_INVALID', 'a field that is not one', { secret: 1 }],
    [
      'INPUT_INVALID',
      'a deadline that nobody can meet',
      { deadlines: { joinMs: 1, contributeMs: 20_000, finishMs: 20_000 } },
    ],
    ['INPUT_INVALID', 'a quorum of more hospitals than there are', { quorum: 3 }],
    ['BODY_TOO_LARGE', 'a body over the limit', { description: 'x'.repeat(1024 * 1024) }],
  ];

  test.each(cases)('%s: %s', async (code, _what, changes) => {
    expect(await codeOf(() => propose(changes))).toBe(code);
    expect(await codeOf(() => first.study('another'))).toBe('STUDY_UNKNOWN');
  });

  test('INPUT_INVALID: a body that is not JSON', async () => {
    expect(await post('/api/v1/studies', '{"study": ')).toMatchObject({ status: 400, code: 'INPUT_INVALID' });
  });

  function post(path: string, body: string): Promise<{ status: number | undefined; code: string }> {
    const headers = { authorization: `Bearer ${first.token('researcher')}`, 'content-type': 'application/json' };
    const options = { method: 'POST', headers, ca: readFileSync(first.address.caFile) };
    return new Promise((resolve, reject) => {
      const sending = request(`${first.address.apiUrl}${path}`, options, (answer) => {
        let text = '';
        answer.on('data', (piece) => {
          text += piece;
        });
        answer.on('end', () => resolve({ status: answer.statusCode, code: JSON.parse(text).code }));
      });
      sending.on('error', reject).end(body);
    });
  }
});

describe('a protocol that was changed after an approval', () => {
  test('takes new approvals: the old hash is refused, and no round is opened', async () => {
    const { protocolHash: oldHash } = await first.study(STUDY);
    await approve(first);
    await propose({ title: 'With another title' }, first, 'researcher', STUDY);
    const changed = await first.study(STUDY);
    expect(changed).toMatchObject({ version: 2, active: false, missingApprovals: [first.msp, second.msp] });
    expect(await codeOf(() => approve(second, { version: 1, protocolHash: oldHash }))).toBe('STUDY_VERSION_REPLACED');
    expect(await codeOf(() => approve(second, { protocolHash: oldHash }))).toBe('PROTOCOL_HASH_MISMATCH');
    const peer = new PeerClient(first, 'researcher');
    const opening = peer.submit('RoundContract:openRound', { study: STUDY as never, round: 0, attestedBy: [] });
    await expect(opening.catch((error) => textOfRefusal(error))).resolves.toMatch(
      /STUDY_NOT_ACTIVE: .*AlderMSP, BirchMSP/,
    );
    peer.close();
  });
});

describe('a CSV file that does not fit', () => {
  const whole = () => syntheticCsv(second.name);
  const withLine5 = (change: (cells: string[]) => string[]) => {
    const lines = whole().split('\n');
    lines[4] = change((lines[4] as string).split(',')).join(',');
    return lines.join('\n');
  };
  const cell = (place: number, text: string) => withLine5((cells) => cells.with(place, text));

  afterEach(() => writeFileSync(second.file, whole()));

  const cases: [code: string, what: string, text: () => string | undefined][] = [
    ['DATA_FILE_MISSING', 'missing', () => undefined],
    ['DATA_EMPTY', 'empty', () => ''],
    ['DATA_EMPTY', 'a header alone', () => 'patient,age,pressure,smoker,outcome\n'],
    ['DATA_DELIMITER_WRONG', 'another delimiter', () => whole().replaceAll(',', ';')],
    ['DATA_COLUMN_UNKNOWN', 'a column of another name', () => whole().replace('pressure', 'tension')],
    ['DATA_NOT_A_NUMBER', 'a text in a number', () => cell(1, 'elderly')],
    ['DATA_OUT_OF_RANGE', 'a number out of range', () => cell(1, '612')],
    ['DATA_LEVEL_UNKNOWN', 'an unknown level', () => cell(3, '7')],
    ['DATA_ROW_WIDTH', 'a short line', () => withLine5((cells) => cells.slice(0, 3))],
    ['DATA_NO_USABLE_ROW', 'no complete row', () => whole().replace(/^([^,]+-\d+),\d+/gm, '$1,')],
  ];

  test.each(cases)('%s: %s', async (code, _what, text) => {
    const content = text();
    if (content === undefined) rmSync(second.file);
    else writeFileSync(second.file, content);
    const refused = await second
      .as('data-steward')
      .dataReport(STUDY)
      .catch((error: ApiError) => error);
    expect(refused).toMatchObject({ code });
    const { detail } = refused as ApiError;
    if (/NUMBER|RANGE|LEVEL|WIDTH/.test(code)) expect(detail).toContain('line 5');
    expect(detail).not.toMatch(/elderly|612|Birch-\d/);
  });

  test('whole again, it is read', async () => {
    expect(await second.as('data-steward').dataReport(STUDY)).toMatchObject({ rowsRead: 240, dropped: { rows: 0 } });
  });
});

describe('what goes wrong in a running study is told where it goes wrong', () => {
  const [BROKEN, ONE_CLASS, NOT_FINITE] = ['broken', 'one-class', 'not-finite'];

  test('a file that does not fit, until it does: then the hospital goes on by itself', async () => {
    writeFileSync(second.file, syntheticCsv(second.name).replace(/,\d+,/, ',elderly,'));
    await federation.begin(BROKEN, protocol());
    const { failures } = await second.untilFailing(BROKEN, 'DATA_NOT_A_NUMBER');
    expect(failures).toMatchObject([{ step: 'makeVector', round: 1, detail: expect.stringContaining('line 2') }]);
    expect((await first.study(BROKEN)).failures).toEqual([]);
    writeFileSync(second.file, syntheticCsv(second.name));
    await first.untilStage(BROKEN, 'ended');
    expect((await second.study(BROKEN)).failures).toEqual([]);
  });

  test('a federation whose patients all have one class: five rounds without a version, then a pause', async () => {
    await federation.begin(
      ONE_CLASS,
      protocol({ label: { kind: 'binary', column: 'outcome', positive: { above: 5 } } }),
    );
    const { progress } = await first.untilStage(ONE_CLASS, 'paused');
    expect(progress.abortsInRow).toBe(5);
    const rounds = await first.rounds(ONE_CLASS);
    expect(rounds.slice(1).map(({ abort }) => abort?.reason)).toEqual(Array(5).fill('ONE_CLASS'));
    for (const hospital of [first, second])
      await eventually(`five failures at ${hospital.name}`, async () => {
        const { failures } = await hospital.study(ONE_CLASS);
        expect(failures).toMatchObject([{ code: 'FEDERATION_ONE_CLASS', times: 5 }]);
        return true;
      });
  });

  test('training that ends in NaN', async () => {
    const training = { steps: 200, batchSize: 32, optimiser: { kind: 'sgd', learningRate: 100 } };
    const label = { kind: 'number', column: 'pressure', min: 60, max: 240 };
    const columns = [{ kind: 'number', name: 'age', unit: 'years', min: 20, max: 110 }];
    const model = { kind: 'linear-regression' };
    await federation.begin(NOT_FINITE, protocol({ training, label, columns, model }));
    for (const hospital of [first, second]) {
      const { failures } = await hospital.untilFailing(NOT_FINITE, 'TRAINING_NOT_FINITE');
      expect(failures).toMatchObject([{ step: 'makeVector', detail: expect.stringContaining('learning rate') }]);
    }
    expect((await first.researcher.models(NOT_FINITE)).items.map(({ kind }) => kind)).toEqual([
      'initial',
      'statistics',
    ]);
    await federation.vote('end', NOT_FINITE);
    await first.untilStage(NOT_FINITE, 'ended');
    // The vote ends the study at once; its open round is aborted by a block that comes after.
    await first.untilRound(NOT_FINITE, 2, ({ stage }) => stage === 'aborted');
  });
});

describe('a gateway that is not there', () => {
  test('GATEWAY_UNREACHABLE, and the others answer', async () => {
    await federation.network.stopPart(stranger.msp, 'gateway');
    await expect(stranger.researcher.studies()).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
    expect((await second.researcher.health()).status).toBe('up');
  });
});
