import { gunzipSync } from 'node:zlib';
import { sha256 } from '../wire/bytes.js';

/** Largest package that is unpacked; chaincode as a service needs but an address. */
const PACKAGE_BYTES_MAX = 10 * 1024 * 1024;
const GZIP_HEADER_BYTES = 10;
const TAR_BLOCK_BYTES = 512;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9_.+-]*[A-Za-z0-9])?$/;

/** A chaincode package as Fabric's lifecycle installs it. */
export interface ChaincodePackage {
  /** `LABEL:SHA256` of the package's bytes. */
  readonly packageId: string;
  readonly label: string;
  /** Where the chaincode listens, if the package says so (`connection.json`, as for chaincode as a service). */
  readonly connection: PackageConnection | undefined;
}

/** What a package says about the process that serves it. */
export interface PackageConnection {
  readonly address: string;
  /** PEM; undefined where the process is spoken to without TLS. */
  readonly tls: { readonly root: string; readonly key?: string; readonly certificate?: string } | undefined;
}

/** Takes a package apart. Throws an Error in Fabric's words where it is none. */
export function readChaincodePackage(bytes: Buffer): ChaincodePackage {
  try {
    const files = readTar(unzip(bytes));
    const metadata = files.get('metadata.json');
    if (!files.has('code.tar.gz')) throw new Error('did not find a code package inside the package');
    if (!metadata) throw new Error('did not find any package metadata (missing metadata.json)');
    const { label } = JSON.parse(metadata.toString()) as { label?: unknown };
    if (typeof label !== 'string' || !LABEL.test(label)) {
      throw new Error(
        `invalid label '${String(label ?? '')}'. Label must be non-empty, can only consist of alphanumerics, symbols from '.+-_', and can only begin with alphanumerics`,
      );
    }
    const packageId = `${label}:${sha256(bytes).toString('hex')}`;
    return { packageId, label, connection: readConnection(files.get('code.tar.gz') as Buffer) };
  } catch (error) {
    throw new Error(`could not parse as a chaincode install package: ${(error as Error).message}`, { cause: error });
  }
}

function readConnection(code: Buffer): PackageConnection | undefined {
  const file = readTar(unzip(code)).get('connection.json');
  if (!file) return undefined;
  const found = JSON.parse(file.toString()) as Record<string, unknown>;
  const text = (name: string) => (typeof found[name] === 'string' && found[name] !== '' ? found[name] : undefined);
  const address = text('address');
  if (address === undefined) throw new Error("connection.json has no 'address'");
  if (found.tls_required !== true) return { address, tls: undefined };
  const [root, key, certificate] = [text('root_cert'), text('client_key'), text('client_cert')];
  if (root === undefined) throw new Error("connection.json has no 'root_cert'");
  return { address, tls: { root, ...(key && certificate ? { key, certificate } : {}) } };
}

function unzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: PACKAGE_BYTES_MAX });
  } catch (error) {
    const what =
      bytes.length === 0 ? 'EOF' : bytes.length < GZIP_HEADER_BYTES ? 'unexpected EOF' : 'gzip: invalid header';
    throw new Error(`error reading as gzip stream: ${what}`, { cause: error });
  }
}

/** Regular files of a tar archive by name. */
function readTar(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + TAR_BLOCK_BYTES <= archive.length; ) {
    const header = archive.subarray(at, at + TAR_BLOCK_BYTES);
    const name = field(header, 0, 100);
    if (name === '') break;
    const size = Number.parseInt(field(header, 124, 12), 8);
    const start = at + TAR_BLOCK_BYTES;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > archive.length) throw new Error('unexpected EOF');
    const type = field(header, 156, 1);
    if (type === '' || type === '0') files.set(name.replace(/^\.\//, ''), archive.subarray(start, start + size));
    else if (type !== '5') throw new Error(`tar entry ${name} is not a regular file, type ${type.charCodeAt(0)}`);
    at = start + Math.ceil(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
  return files;
}

function field(header: Buffer, start: number, length: number): string {
  const text = header.subarray(start, start + length).toString('latin1');
  const end = text.indexOf('\0');
  return (end < 0 ? text : text.slice(0, end)).trim();
}
