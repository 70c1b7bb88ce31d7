/** What a hospital's gateway does otherwise than it should: by the title of a study, the rounds in which it does. */
export interface Tampering {
  /** Rounds of which it attests another version than comes out. */
  readonly lies?: Readonly<Record<string, readonly number[]>>;
  /** Training rounds in which it sends an update that spoils the model, as large as the clip norm allows. */
  readonly spoils?: Readonly<Record<string, readonly number[]>>;
  /** Patients whom its consent desk takes into every cohort, whatever they said. */
  readonly takesIn?: readonly string[];
  /** Training rounds in which it sends a thousand times its update under a negative weight. */
  readonly floods?: Readonly<Record<string, readonly number[]>>;
}

/** Beside the gateway's configuration. */
export const TAMPERING_FILE = 'tampering.json';
