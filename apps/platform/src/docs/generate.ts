import 'reflect-metadata';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { contextMap, eventCatalogue, eventsInAndOut } from './event-pages';
import { type Model, readModel } from './model';
import { configuration, errors } from './reference-pages';
import { ROOT } from './source';
import { orderDiagram, orderStates, waybillDiagram, waybillStates } from './state-pages';

const FOLDER = 'docs/generated';
const HEADING = '<!-- Generated from the code by `npm run docs`; do not edit. -->';
const DIAGRAMS: Record<string, () => string> = { trading: orderDiagram, logistics: waybillDiagram };

/** Writes the generated reference; with `--check` it writes nothing, names what is stale and fails. */
async function main(): Promise<void> {
  const model = await readModel();
  const files = new Map([...(await pages(model)), ...(await readmes(model))]);
  const stale = [...files].filter(([file, text]) => contentOf(file) !== text).map(([file]) => file);
  const orphans = generatedFiles().filter((file) => !files.has(file));
  if (process.argv.includes('--check')) {
    for (const file of [...stale, ...orphans]) process.stderr.write(`stale: ${file}\n`);
    if (stale.length + orphans.length > 0) process.stderr.write('run "npm run docs" and commit what it writes\n');
    process.exitCode = stale.length + orphans.length > 0 ? 1 : 0;
    return;
  }
  mkdirSync(path.join(ROOT, FOLDER), { recursive: true });
  for (const file of stale) writeFileSync(path.join(ROOT, file), files.get(file) as string);
  for (const file of orphans) rmSync(path.join(ROOT, file));
  process.stdout.write(`${files.size} files, ${stale.length} written, ${orphans.length} removed\n`);
}

async function pages(model: Model): Promise<[string, string][]> {
  const markdown = {
    'configuration.md': configuration(),
    'context-map.md': contextMap(model),
    'errors.md': errors(),
    'events.md': eventCatalogue(model),
    'order-states.md': orderStates(),
    'waybill-states.md': waybillStates(),
  };
  const formatted = await Promise.all(
    Object.entries(markdown).map(async ([name, text]): Promise<[string, string]> => [
      `${FOLDER}/${name}`,
      await format(`${HEADING}\n\n${text}`),
    ]),
  );
  return [...formatted, [`${FOLDER}/openapi.json`, `${JSON.stringify(model.openApi, null, 2)}\n`]];
}

/** The README of each context, with what stands between `<!-- generated:name -->` and `<!-- /generated:name -->` anew. */
async function readmes(model: Model): Promise<[string, string][]> {
  return Promise.all(
    model.contexts.map(async (context): Promise<[string, string]> => {
      const file = `libs/${context}/README.md`;
      let text = readFileSync(path.join(ROOT, file), 'utf8');
      for (const [, name] of text.matchAll(/<!-- generated:([a-z]+) -->/g)) {
        const block = name === 'states' ? DIAGRAMS[context]?.() : eventsInAndOut(model, context);
        if (!block || !['states', 'events'].includes(name as string)) throw new Error(`${file}: nothing makes ${name}`);
        const [begin, end] = [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`];
        const [from, to] = [text.indexOf(begin), text.indexOf(end)];
        if (to < from) throw new Error(`${file}: ${end} is missing`);
        text = `${text.slice(0, from)}${begin}\n\n${await format(block)}\n${text.slice(to)}`;
      }
      return [file, text];
    }),
  );
}

/** Generated text reads, and is checked, like written text. */
async function format(markdown: string): Promise<string> {
  const prettier = await import('prettier');
  return prettier.format(markdown, { ...(await prettier.resolveConfig(path.join(ROOT, 'x.md'))), parser: 'markdown' });
}

function contentOf(file: string): string | undefined {
  return existsSync(path.join(ROOT, file)) ? readFileSync(path.join(ROOT, file), 'utf8') : undefined;
}

const generatedFiles = (): string[] =>
  existsSync(path.join(ROOT, FOLDER)) ? readdirSync(path.join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`) : [];

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
