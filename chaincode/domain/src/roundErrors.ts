/** Refusals about private rounds: part of the catalogue of `errors.ts`. */
export const ROUND_ERRORS = {
  ROUND_KEYS_MISSING: {
    kind: 'invalid',
    message: 'round {round} is private: joining takes mask key and sealed shares',
  },
  ROUND_KEYS_UNASKED: { kind: 'invalid', message: 'round {round} is open: join without keys' },
  ROUND_KEYS_INVALID: { kind: 'invalid', message: 'the keys of this join do not fit round {round}: {problem}' },
  ROUND_SECRETS_LOST: {
    kind: 'forbidden',
    message: 'the secrets of round {round} of study {study} are not here any more: this hospital sits it out',
  },
  SHARES_UNOPENED: {
    kind: 'forbidden',
    message: 'the shares that {msp} sealed for this hospital in round {round} do not open: its vector gets no receipt',
  },
  SHARE_KEY_MISSING: {
    kind: 'invalid',
    message: 'study {study} is private: registering takes a share key',
  },
  SHARE_KEY_TAKEN: {
    kind: 'conflict',
    message: '{msp} has registered another share key {index} for study {study}: an index is never given again',
  },
  SHARE_KEY_NOT_NEXT: {
    kind: 'conflict',
    message: 'the next share key of {msp} for study {study} is {expected}, not {found}',
  },
  NOT_A_HOLDER: { kind: 'forbidden', message: '{msp} holds no shares of round {round}' },
  REVEAL_INVALID: { kind: 'invalid', message: 'this reveal does not fit round {round}: {problem}' },
  SHARE_FALSE: { kind: 'invalid', message: 'the share of {of} does not match what its join lists for {holder}' },
  REVEAL_DIFFERENCING: {
    kind: 'forbidden',
    message:
      'round {round} has other survivors than round {earlier} over the same base: opened, the two sums would tell one hospital’s update',
  },
} as const;
