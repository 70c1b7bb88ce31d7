/** Identifiers that travel between ledger, REST and files. Each is a branded string, so that one cannot stand for another. */
import { z } from 'zod';

/** A hospital's membership service provider in the channel, such as `ClevelandMSP`. */
export const Msp = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9.-]{0,62}$/,
    'an MSP id: a letter, then letters, digits, dots or dashes, 63 characters at most',
  )
  .brand<'Msp'>();
export type Msp = z.infer<typeof Msp>;

/** A study: lower case letters, digits and dashes, 1 to 40 characters. */
export const StudyId = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
    'a study id: lower case letters, digits and dashes, 40 characters at most',
  )
  .brand<'StudyId'>();
export type StudyId = z.infer<typeof StudyId>;

/** SHA-256 as 64 lower case hexadecimal digits. */
export const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest: 64 lower case hexadecimal digits')
  .brand<'Digest'>();
export type Digest = z.infer<typeof Digest>;

/** The number of a round in its study, from 0. Round n makes model version n. */
export const RoundNumber = z.int().min(0).max(9_999_999_999);
export type RoundNumber = z.infer<typeof RoundNumber>;

/** An instant in milliseconds since 1970-01-01T00:00:00Z. */
export const Instant = z.int().min(0).max(8_640_000_000_000_000);
export type Instant = z.infer<typeof Instant>;

/** Bytes in standard base64 with padding. */
export const Base64 = z
  .string()
  .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'standard base64');
export type Base64 = z.infer<typeof Base64>;
