import { createContext, runInContext } from 'node:vm';
import type { tryItOut } from '../src/http/try-it-out';
import type { Json } from './world';

interface Schema {
  $ref?: string;
  example?: Json;
  default?: Json;
  enum?: Json[];
  type?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  allOf?: Schema[];
  oneOf?: Schema[];
}

interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
  required?: boolean;
  example?: Json;
  schema: Schema;
}

export interface Operation {
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema; examples?: Record<string, { value: Json }> }> };
  responses: Record<string, { description?: string }>;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** What the page /docs shows, and what it does before a request and after an answer. */
export interface Reference extends Readonly<typeof tryItOut> {
  spec: Document;
}

/** Runs the script of the page as a browser would, up to where it hands over to Swagger UI. */
export function openReference(script: string): Reference {
  let shown: Reference | undefined;
  const SwaggerUIBundle = Object.assign((options: Reference) => void (shown = options), { presets: {}, plugins: {} });
  const window = { location: { search: '' } };
  runInContext(`${script}; window.onload()`, createContext({ window, SwaggerUIBundle, SwaggerUIStandalonePreset: {} }));
  return shown!;
}

/** Every operation as `POST /v1/checkout`, in the order of the page. */
export const operationsOf = ({ spec }: Reference): string[] =>
  Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

export const operationOf = ({ spec }: Reference, name: string): Operation => {
  const [method, path] = name.split(' ') as [string, string];
  return spec.paths[path]![method.toLowerCase()]!;
};

/** The request that the page /docs sends for an operation; `typed` is what the user picked or typed there, nothing as a rule. */
export function requestOf(reference: Reference, name: string, typed: { example?: string; key?: string } = {}) {
  const [method, path] = name.split(' ') as [string, string];
  const { parameters = [], requestBody } = operationOf(reference, name);
  const filled = parameters.map((parameter) => ({ ...parameter, value: prefilled(parameter) }));
  const of = (place: Parameter['in']) =>
    filled.filter((each) => each.in === place && each.value !== '').map((each) => [each.name, String(each.value)]);
  const target = of('path').reduce(
    (rest, [name, value]) => rest.replace(`{${name}}`, encodeURIComponent(value!)),
    path,
  );
  const query = new URLSearchParams(of('query') as [string, string][]).toString();
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const { examples = {} } = media ?? {};
  const picked = typed.example === undefined ? Object.values(examples)[0] : examples[typed.example]!;
  const value = media && (picked ? picked.value : sample(reference.spec, media.schema));
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  const { url, body: sent } = reference.requestInterceptor({ url: query ? `${target}?${query}` : target, body });
  const headers = Object.fromEntries(of('header')) as Record<string, string>;
  if (type) headers['content-type'] = type;
  if (typed.key) headers['Idempotency-Key'] = typed.key;
  return { method, url, headers, body: sent };
}

const prefilled = ({ example, schema, required }: Parameter): Json =>
  example ?? schema.example ?? schema.default ?? (required ? schema.enum?.[0] : undefined) ?? '';

/** What the page makes of a schema: each property, also the optional ones, with its example or what its type suggests. */
function sample(document: Document, schema: Schema): Json {
  if (schema.$ref) return sample(document, document.components.schemas[schema.$ref.split('/').at(-1)!]!);
  const { example = schema.default ?? schema.enum?.[0] } = schema;
  if (example !== undefined) return example;
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => sample(document, part)));
  if (schema.oneOf) return sample(document, schema.oneOf[0]!);
  if (schema.items) return [sample(document, schema.items)];
  if (schema.type === 'string') return 'string';
  if (schema.type === 'number') return 0;
  if (schema.type === 'boolean') return true;
  const properties = Object.entries(schema.properties ?? {});
  return Object.fromEntries(properties.map(([name, property]) => [name, sample(document, property)]));
}
