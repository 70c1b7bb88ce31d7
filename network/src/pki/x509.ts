/** The one door to the X.509 library: it wants its polyfill loaded before itself, and Node's own cryptography. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

export { x509 };
