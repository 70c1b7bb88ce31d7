/** Standard base64 with padding (RFC 4648, section 4): the domain has neither Node's Buffer nor the browser's `atob`. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map(Array.from(DIGITS, (digit, value) => [digit, value]));

export function bytesToBase64(bytes: Uint8Array): string {
  let text = '';
  for (let k = 0; k < bytes.length; k += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(k, k + 3);
    const bits = (first << 16) | (second << 8) | third;
    for (let digit = 0; digit < 4; digit += 1)
      text += k + digit > bytes.length ? '=' : DIGITS[(bits >> (18 - 6 * digit)) & 63];
  }
  return text;
}

/** @returns undefined for what no bytes are written as: other digits, wrong padding, bits that are set beyond the last byte */
export function base64ToBytes(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (text.length % 4 !== 0) return undefined;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let [bits, held, at] = [0, 0, 0];
  for (const digit of text.slice(0, text.length - padding)) {
    const value = VALUES.get(digit);
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at] = bits >> held;
      at += 1;
      bits &= (1 << held) - 1;
    }
  }
  return bits === 0 ? bytes : undefined;
}
