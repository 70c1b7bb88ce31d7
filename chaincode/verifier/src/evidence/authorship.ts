/**
 * Computes again, from the arguments that a transaction's creator signed, the record that it must have written. What the
 * contract adds out of the state it read (such as whether an event restricts) is vouched for by the endorsing majority alone.
 */
import { commands, type JoinKeys, joinedKeys, recordUnder, tenDigits } from '@consilium/domain';
import { must } from '../doubt.js';
import { canonicalText } from '../wire/canonicalText.js';
import type { SignedTransaction } from './transaction.js';

type Fields = Readonly<Record<string, unknown>>;

/** How a noun of the ledger follows from its transaction. */
type Noun = Readonly<{
  transactions: readonly (keyof typeof commands)[];
  /** The field that holds the transaction's time. */
  time?: string;
  /** The field that names who signed, as id and role, or as id alone. */
  signer?: Readonly<{ field: string; idOnly?: boolean }>;
  /** Fields that follow from the state. */
  derived?: readonly string[];
  /** What of the command stands in the record, where that is not the command itself. */
  of?(command: Fields): Fields;
}>;

type RoundCommand = Readonly<{ keys?: JoinKeys; shareKey?: string }> & Fields;

/** A join's next share key stands under a key of its own. */
function joinOf({ keys, ...command }: RoundCommand): Fields {
  return keys ? { ...command, keys: joinedKeys(keys) } : command;
}

/** A share key comes with the first registration, with a join, or alone. */
function shareKeyOf({ study, keys, shareKey, ...alone }: RoundCommand): Fields {
  if (keys) return { study, ...keys.next };
  return shareKey === undefined ? { study, ...alone } : { study, index: 0, publicKey: shareKey };
}

const by = (field: string) => ({ field });

const NOUNS: Readonly<Record<string, Noun>> = {
  consent: {
    transactions: ['ConsentContract:recordConsents', 'ConsentContract:withdrawConsents'],
    time: 'recordedAt',
    signer: by('recordedBy'),
    derived: ['supersedes', 'restricts'],
  },
  consentroot: { transactions: ['ConsentContract:recordConsentRoot'], time: 'recordedAt', signer: by('recordedBy') },
  policy: {
    transactions: ['ConsentContract:publishPolicy'],
    time: 'publishedAt',
    signer: by('publishedBy'),
    derived: ['version', 'restricts'],
  },
  hold: { transactions: ['ConsentContract:holdRecord'], time: 'setAt', signer: by('setBy') },
  tombstone: { transactions: ['ConsentContract:eraseRecord'], time: 'erasedAt', signer: by('erasedBy') },
  readlog: { transactions: ['ConsentContract:anchorReadLog'], time: 'anchoredAt' },
  permit: { transactions: ['ConsentContract:recordPermit'], time: 'recordedAt', signer: by('recordedBy') },
  withdrawal: { transactions: ['ConsentContract:reportWithdrawal'], time: 'at' },
  member: { transactions: ['StudyContract:registerMember'] },
  sharekey: {
    transactions: ['StudyContract:registerMember', 'StudyContract:registerShareKey', 'RoundContract:joinRound'],
    of: shareKeyOf,
  },
  join: { transactions: ['RoundContract:joinRound'], time: 'at', of: joinOf },
  reveal: { transactions: ['RoundContract:reveal'], time: 'at' },
  evaluation: { transactions: ['RoundContract:reportEvaluation'], time: 'reportedAt' },
  contribution: { transactions: ['RoundContract:contribute'], time: 'at' },
  attestation: { transactions: ['RoundContract:attest'], time: 'at' },
  approval: {
    transactions: ['StudyContract:approveStudy'],
    time: 'approvedAt',
    signer: { field: 'approvedBy', idOnly: true },
  },
  vote: { transactions: ['StudyContract:castVote'], time: 'castAt', signer: { field: 'castBy', idOnly: true } },
};

/** Parts of a key, from which a noun's record is told from its head: `policy~MSP` only counts versions. */
const HEADS = [/^policy~[^~]+$/];

/**
 * @returns whether it was computed again; false: of this noun only that its transaction wrote it is known
 * @throws Doubt where the record is not what the arguments say
 */
export function checkAuthorship(key: string, value: unknown, transaction: SignedTransaction): boolean {
  const written = transaction.writes.get(key);
  must(written !== undefined, `transaction ${transaction.id} does not write it`);
  must(written.equals(Buffer.from(canonicalText(value))), `transaction ${transaction.id} writes something else there`);
  const noun = NOUNS[key.split('~')[0] ?? ''];
  if (!noun || HEADS.some((head) => head.test(key))) return false;
  const name = noun.transactions.find((each) => each === transaction.name);
  must(name !== undefined, `${transaction.name} does not write such a record`);
  const command = argumentOf(name, key, transaction);
  // What a key says its value does not repeat: the arguments must say the same.
  const record = recordUnder(AS_IT_IS, key, value) as Fields;
  checkFields(record, noun.of?.(command) ?? command, noun, transaction);
  return true;
}

type Command = Readonly<{ fields: Fields; events: ReadonlyMap<string, Fields> | undefined }>;

const AS_IT_IS = { parse: (value: unknown) => value };

/** Commands that were read: one of a batch is asked for with each of its events. */
const read = new WeakMap<SignedTransaction, Command>();

function argumentOf(name: keyof typeof commands, key: string, transaction: SignedTransaction): Fields {
  const command = read.get(transaction) ?? commandOf(name, transaction);
  read.set(transaction, command);
  if (!command.events) return command.fields;
  const [, , ref, seq] = key.split('~');
  const found = command.events.get(`${ref}~${seq}`);
  must(found !== undefined, 'the arguments have no such event');
  return found;
}

function commandOf(name: keyof typeof commands, { argument }: SignedTransaction): Command {
  const parsed = commands[name].safeParse(JSON.parse(argument));
  must(parsed.success, `the arguments are none of ${name}`);
  const fields: Fields = parsed.data;
  if (!Array.isArray(fields.events)) return { fields, events: undefined };
  const events = fields.events as readonly { ref: string; seq: number }[];
  return { fields, events: new Map(events.map((event) => [`${event.ref}~${tenDigits(event.seq)}`, event])) };
}

function checkFields(record: Fields, command: Fields, noun: Noun, { at, creator }: SignedTransaction): void {
  const id = creator.certificate.callerId;
  for (const [field, found] of Object.entries(record)) {
    if (noun.derived?.includes(field)) continue;
    const expected =
      field === noun.time
        ? at
        : field === noun.signer?.field
          ? noun.signer.idOnly
            ? id
            : { id, role: creator.certificate.role }
          : field === 'msp'
            ? creator.msp
            : command[field];
    const agrees = expected !== undefined && canonicalText(expected) === canonicalText(found);
    must(agrees, `its ${field} is not what its creator signed`);
  }
}
