/** Bytes of the ledger as a person can read them: JSON where they are JSON, text where they are text, else base64. */
export type LedgerValue = { readonly json: unknown } | { readonly text: string } | { readonly base64: string };

const decoder = new TextDecoder('utf-8', { fatal: true });

export function ledgerValue(bytes: Uint8Array): LedgerValue {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? { json } : { text };
  } catch {
    return { text };
  }
}

/** One line for a terminal. */
export function valueText(value: LedgerValue): string {
  if ('json' in value) return printable(JSON.stringify(value.json));
  return 'text' in value ? printable(JSON.stringify(value.text)) : `base64 ${value.base64}`;
}

/** What others wrote may hold characters that a terminal obeys: they are shown as escapes instead. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
