/** The four files from where they come from: UCI's own download of data set 45. */
import { type HeartContents, requireUci } from './heartContents.js';
import { byHospital, HEART_HOSPITALS } from './heartHospitals.js';
import { ZIP_BYTES_MAX, zipEntry } from './zipArchive.js';

export const UCI_ARCHIVE = 'https://archive.ics.uci.edu/static/public/45/heart+disease.zip';
/** From the first byte asked for to the last one had: the archive has less than 0.4 MB. */
const DOWNLOAD_MS_MAX = 20_000;

/**
 * @param address for a test's own server; else UCI's
 * @throws Error that says why: out of reach, no archive, or other bytes than UCI's
 */
export async function heartFromUci(signal?: AbortSignal, address = UCI_ARCHIVE): Promise<HeartContents> {
  const deadline = AbortSignal.timeout(DOWNLOAD_MS_MAX);
  const archive = await download(address, signal ? AbortSignal.any([signal, deadline]) : deadline);
  const contents = byHospital(({ file }) => zipEntry(archive, file));
  return requireUci(contents, `${address} (${HEART_HOSPITALS.length} files)`);
}

async function download(address: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const response = await fetch(address, { signal });
    if (!response.ok) throw new Error(`the answer was ${response.status}`);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      bytes += part.length;
      if (bytes > ZIP_BYTES_MAX) throw new Error(`it has more than ${ZIP_BYTES_MAX} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = signal.aborted
      ? `it was called off, or took more than ${DOWNLOAD_MS_MAX / 1000} s`
      : cause instanceof Error
        ? cause.message
        : message;
    throw new Error(`${address} could not be fetched: ${reason}`, { cause: error });
  }
}
