/** The one file that a gateway is configured by. */
import { readFileSync } from 'node:fs';
import { Digest, Msp, refusal, TopologyData } from '@consilium/domain';
import { z } from 'zod';

const File = z.string().min(1);

/** `host:port`; port 0 has one chosen. */
const Listen = z
  .string()
  .regex(/^[^\s:]+:\d{1,5}$/, 'host:port')
  .transform((text) => ({
    host: text.slice(0, text.lastIndexOf(':')),
    port: Number(text.slice(text.lastIndexOf(':') + 1)),
  }))
  .refine(({ port }) => port <= 65_535, { error: 'a port is at most 65535' });

const ContactLine = z.string().min(1).max(300);

const IdentityFiles = z.strictObject({ certFile: File, keyFile: File });

export const GatewayConfiguration = z.strictObject({
  msp: Msp,
  /** Display name of the hospital. */
  name: z.string().min(1).max(80),
  /** Folder of the database, vectors, version files and secrets. */
  home: File,
  connectionFile: File,
  /** SHA-256 of the chaincode that this gateway was built with. */
  chaincodeDigest: Digest,
  api: z.strictObject({ listen: Listen, tlsCertFile: File, tlsKeyFile: File }),
  exchange: z.strictObject({
    listen: Listen,
    /** Where the other hospitals reach it, if not where it listens. */
    url: z.url({ protocol: /^https$/ }).optional(),
    tlsCertFile: File,
    tlsKeyFile: File,
    trust: z.array(z.strictObject({ msp: Msp, tlsCaFile: File })).min(1),
  }),
  identities: z.strictObject({
    agent: IdentityFiles,
    people: z.array(
      z.strictObject({
        name: z.string().min(1),
        ...IdentityFiles.shape,
        tokenSha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    ),
  }),
  data: z.strictObject({ kind: z.literal('csv'), ...TopologyData.shape }),
  /** The hospital's consent store. Absent: studies that ask for consent are sat out. */
  consent: z
    .strictObject({
      /** Its key: 32 bytes in hexadecimal digits. Absent: CONSILIUM_CONSENT_KEY in the environment. */
      keyFile: File.optional(),
      /** `identifier.system` of the hospital's own patient numbers in FHIR. Absent: one made of the MSP id. */
      patientSystem: z.url().max(300).optional(),
    })
    .optional(),
  /** Named to patients and authorities, in receipts, registers and pages. What is left out is said there to be missing. */
  contact: z
    .strictObject({
      address: ContactLine,
      email: z.email().max(200),
      phone: ContactLine,
      /** Whose law applies: a country. */
      jurisdiction: ContactLine,
      /** Name, and how to reach them. */
      dataProtectionOfficer: ContactLine,
      /** To whom patients can complain. */
      supervisoryAuthority: ContactLine,
    })
    .partial()
    .optional(),
  engine: z.enum(['auto', 'tfjs-node', 'wasm']).default('auto'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** Written once the gateway is up. */
  readyFile: File.optional(),
});
export type GatewayConfiguration = z.infer<typeof GatewayConfiguration>;

const Connection = z.strictObject({
  msp: Msp,
  channel: z.string().min(1),
  chaincode: z.string().min(1),
  peer: z.strictObject({ endpoint: z.string().min(1), tlsRootCertFile: File, serverName: z.string().min(1) }),
});
export type Connection = z.infer<typeof Connection>;

/** @throws ConsiliumError CONFIGURATION_INVALID that names the file and every field that does not fit */
export function readConfiguration(file: string): GatewayConfiguration {
  return parsed(file, GatewayConfiguration);
}

/** @throws ConsiliumError CONFIGURATION_INVALID, also where it is another hospital's */
export function readConnection({ connectionFile, msp }: GatewayConfiguration): Connection {
  const connection = parsed(connectionFile, Connection);
  if (connection.msp !== msp)
    throw refusal('CONFIGURATION_INVALID', {
      file: connectionFile,
      problems: `it is of ${connection.msp}, not of ${msp}`,
    });
  return connection;
}

function parsed<Shape extends z.ZodType>(file: string, shape: Shape): z.infer<Shape> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const problems = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw refusal('CONFIGURATION_INVALID', { file, problems });
  }
  const result = shape.safeParse(value);
  if (!result.success)
    throw refusal('CONFIGURATION_INVALID', {
      file,
      problems: result.error.issues
        .map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`)
        .join('; '),
    });
  return result.data;
}

/** @throws ConsiliumError CONFIGURATION_INVALID */
export function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw refusal('CONFIGURATION_INVALID', { file, problems: 'cannot be read' });
  }
}
