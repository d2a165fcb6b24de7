import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** The messages, enums and services of a `.proto` file, by their full names. */
export const definitionsOf = (file: string): PackageDefinition => loadSync(file, { keepCase: true });

interface Field {
  name: string;
  number: number;
  type: string;
  label: string;
  typeName: string;
}

/**
 * What clients that were built from `released` would not understand of `current`: everything that is gone, renumbered, renamed or
 * retyped. Whatever was added is fine. What is reserved counts as gone: a released field stays.
 */
export function incompatibilities(released: PackageDefinition, current: PackageDefinition): string[] {
  return Object.entries(released).flatMap(([name, before]) => {
    const now = current[name];
    if (!now || kindOf(before) !== kindOf(now)) return [`${name} is gone`];
    return compare(parts(before), parts(now)).map((part) => `${name}.${part}`);
  });
}

const kindOf = (definition: PackageDefinition[string]): string =>
  'format' in definition ? (definition.format as string) : 'service';

/** Each part of a message, enum or service by its name, with all that must stay as it is. */
function parts(definition: PackageDefinition[string]): Map<string, string> {
  if (!('format' in definition)) {
    return new Map(
      Object.entries(definition).map(([method, { path, requestStream, responseStream, requestType, responseType }]) => {
        const [request, response] = [requestType, responseType].map(({ type }) => (type as { name: string }).name);
        return [method, JSON.stringify({ path, requestStream, responseStream, request, response })];
      }),
    );
  }
  const { field = [], value = [] } = definition.type as { field?: Field[]; value?: { name: string; number: number }[] };
  return new Map([
    ...field.map(({ name, number, type, label, typeName }): [string, string] => [
      name,
      JSON.stringify({ number, type, label, typeName }),
    ]),
    ...value.map(({ name, number }): [string, string] => [name, JSON.stringify({ number })]),
  ]);
}

const compare = (before: Map<string, string>, now: Map<string, string>): string[] =>
  [...before].flatMap(([name, shape]) => {
    const found = now.get(name);
    if (found === undefined) return [`${name} is gone`];
    return found === shape ? [] : [`${name} was ${shape} and is ${found}`];
  });
