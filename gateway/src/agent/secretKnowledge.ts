/** What is kept of a private study's secrets, as far as the next decision asks for it. */
import type { RoundSecrets } from './ports.js';
import type { StudyView } from './studyView.js';

export type SecretStanding = Readonly<{
  /** Of the newest round: the dealt secrets, or the masked vector in their place. */
  newest: 'dealt' | 'masked' | undefined;
  /** Indexes of own share keys whose secret is kept. */
  shareKeys: readonly number[];
  /** Rounds that something is kept of. */
  rounds: readonly number[];
}>;

const NONE: SecretStanding = { newest: undefined, shareKeys: [], rounds: [] };

export class SecretKnowledge {
  readonly #secrets: RoundSecrets;
  readonly #standings = new Map<string, SecretStanding>();

  constructor(secrets: RoundSecrets) {
    this.#secrets = secrets;
  }

  /** Also of a study that this hospital asked to register for, and may never have been registered: it made a key for it. */
  async lookFor({ study, version, newest }: StudyView): Promise<void> {
    if (version.protocol.mode !== 'private') return;
    this.#standings.set(study, {
      newest: newest && (await this.#secrets.stateOf(study, newest.number)),
      shareKeys: await this.#secrets.shareKeys(study),
      rounds: await this.#secrets.rounds(study),
    });
  }

  of(study: string): SecretStanding {
    return this.#standings.get(study) ?? NONE;
  }
}
