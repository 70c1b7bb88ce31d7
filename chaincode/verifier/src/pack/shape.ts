/** Reads JSON of a known shape, strictly: no member more, none less. */
import { must } from '../doubt.js';

type Reader<T> = (value: unknown, what: string) => T;
/** A schema of the domain's. */
type Schema<T> = Readonly<{ safeParse(value: unknown): { success: true; data: T } | { success: false } }>;

export function record<Shape extends Record<string, Reader<unknown>>>(
  shape: Shape,
): Reader<{ readonly [Name in keyof Shape]: ReturnType<Shape[Name]> }> {
  const names = Object.keys(shape);
  return (value, what) => {
    must(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} is no record`);
    const unknown = Object.keys(value).filter((name) => !names.includes(name));
    must(unknown.length === 0, `${what} has more than is known: ${unknown.slice(0, 5).join(', ')}`);
    const entries = names.map((name) => [name, shape[name]?.((value as never)[name], `${what}.${name}`)]);
    return Object.fromEntries(entries);
  };
}

export function list<T>(each: Reader<T>): Reader<readonly T[]> {
  return (value, what) => {
    must(Array.isArray(value), `${what} is no list`);
    return value.map((item, index) => each(item, `${what}[${index}]`));
  };
}

export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, what) => (value === null ? null : reader(value, what));
}

export function of<T>(schema: Schema<T>): Reader<T> {
  return (value, what) => {
    const result = schema.safeParse(value);
    must(result.success, `${what} is not what it should be`);
    return result.data;
  };
}

export const text: Reader<string> = (value, what) => {
  must(typeof value === 'string', `${what} is no text`);
  return value;
};

/** A whole number from 0 up. */
export const count: Reader<number> = (value, what) => {
  must(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0, `${what} is no whole number`);
  return value;
};
