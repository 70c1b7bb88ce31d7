/** Who asks: a bearer token names one of this hospital's people. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { refusal } from '@consilium/domain';
import type { RequestHandler, Response } from 'express';
import type { Person } from './ports.js';

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{1,512})$/;

export class People {
  readonly #people: readonly Readonly<{ person: Person; digest: Buffer }>[];

  constructor(people: readonly Person[]) {
    this.#people = people.map((person) => ({ person, digest: Buffer.from(person.tokenSha256, 'hex') }));
  }

  /**
   * Compares with every person's digest in constant time: how long it takes tells nothing.
   * @returns undefined without a valid token
   */
  personOf(authorization: string | undefined): Person | undefined {
    const token = BEARER.exec(authorization ?? '')?.[1];
    const digest = createHash('sha256')
      .update(token ?? '')
      .digest();
    let found: Person | undefined;
    for (const candidate of this.#people) if (timingSafeEqual(candidate.digest, digest)) found = candidate.person;
    return token === undefined ? undefined : found;
  }
}

/** Lets through who has a token, and remembers who it is. */
export function authenticate(people: People): RequestHandler {
  return (request, response, next) => {
    const person = people.personOf(request.headers.authorization);
    if (!person) throw refusal('UNAUTHENTICATED', {});
    response.locals.person = person;
    next();
  };
}

/** The person who asks. Only behind `authenticate`. */
export function personOf(response: Response): Person {
  const { person } = response.locals as { person?: Person };
  if (!person) throw new Error('this route is not behind authentication');
  return person;
}
