/** Tensors that never leave the hospital, in its database. */
import type { StudyId } from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { PersonalStore, PersonalTensors } from '../agent/ports.js';

/** Values are kept as little endian float32. */
export class SqlitePersonalStore implements PersonalStore {
  readonly #database: Database;
  readonly #statements;

  constructor(database: Database) {
    this.#database = database;
    this.#statements = {
      get: database.prepare(
        'SELECT tensor, float32 FROM personal_tensor WHERE study = ? AND version = ? ORDER BY tensor',
      ),
      remove: database.prepare('DELETE FROM personal_tensor WHERE study = ? AND version = ?'),
      add: database.prepare('INSERT INTO personal_tensor (study, version, tensor, float32) VALUES (?, ?, ?, ?)'),
    };
  }

  get(study: StudyId, version: number): PersonalTensors | undefined {
    const rows = this.#statements.get.all(study, version) as { tensor: string; float32: Uint8Array }[];
    if (rows.length === 0) return undefined;
    return new Map(rows.map(({ tensor, float32 }) => [tensor, float32Values(float32)]));
  }

  set(study: StudyId, version: number, tensors: PersonalTensors): void {
    inTransaction(this.#database, () => {
      this.#statements.remove.run(study, version);
      for (const [tensor, values] of tensors) this.#statements.add.run(study, version, tensor, float32Bytes(values));
    });
  }

  remove(study: StudyId, version: number): void {
    this.#statements.remove.run(study, version);
  }
}

function float32Bytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setFloat32(index * 4, value, true);
  return bytes;
}

function float32Values(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}
