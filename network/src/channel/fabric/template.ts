/**
 * Fills in a configuration template: each `$name` becomes the value as JSON, which YAML reads as it is, whatever a
 * path or a name contains.
 *
 * @throws Error if a name of the template has no value, or a value no name: then template and code do not fit.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, unknown>>): string {
  const unused = new Set(Object.keys(values));
  const text = template.replace(/\$([a-z]\w*)/g, (_, name: string) => {
    if (!Object.hasOwn(values, name)) throw new Error(`the template asks for ${name}, which has no value`);
    unused.delete(name);
    return JSON.stringify(values[name]);
  });
  if (unused.size > 0) throw new Error(`the template does not ask for ${[...unused].join(', ')}`);
  return text;
}
