import { x509 } from './x509.js';

/** Serial numbers in a revocation list (PEM), upper case hexadecimal as Node shows those of certificates. */
export function serialsIn(pem: string): string[] {
  return new x509.X509Crl(pem).entries.map(({ serialNumber }) => serialNumber.toUpperCase().replace(/^0+(?=.)/, ''));
}
