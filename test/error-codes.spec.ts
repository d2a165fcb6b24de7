import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { errorCatalogue } from '@tradewind/shared-kernel';

const ROOT = path.join(__dirname, '..');

interface Source {
  file: string;
  text: string;
}

const sources: Source[] = ['apps', 'libs']
  .flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  )
  .filter((file) => /^(apps\/platform|libs\/[a-z-]+)\/src\/.+\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }));

/** Where codes are added to the catalogue, and where refusals are made without it. */
const isCatalogue = ({ text }: Source) => text.includes('= errorCodes({');
const isDefinition = ({ file }: Source) => file === 'libs/shared-kernel/src/core/errors.ts';

/** Codes that are raised: the compiler lets `refusal` take none but those of its own catalogue. */
function raised(among: Source[]): string[] {
  return among
    .filter((source) => !isCatalogue(source))
    .flatMap(({ text }) => [...text.matchAll(/\b\w*[rR]efusal\(\s*'([a-z0-9-]+)'/g)].map(([, code]) => code as string));
}

/** Refusals made past the catalogue. */
function strays(among: Source[]): string[] {
  return among
    .filter((source) => !isDefinition(source) && source.text.includes('new DomainError('))
    .map(({ file }) => file);
}

describe('the catalogue of error codes', () => {
  let codes: string[];
  beforeAll(async () => {
    for (const source of sources.filter(isCatalogue)) await import(path.join(ROOT, source.file));
    codes = [...errorCatalogue().keys()];
  });

  it('has every code that the source raises', () => {
    expect(raised(sources).length).toBeGreaterThan(30);
    expect(raised(sources).filter((code) => !codes.includes(code))).toEqual([]);
  });

  it('is the only way to a refusal', () => {
    expect(strays(sources)).toEqual([]);
  });

  it('would notice a code that is missing and a refusal past the catalogue', () => {
    const planted = {
      file: 'libs/x/src/x.ts',
      text: "throw refusal('planted', 'x'); throw new DomainError('y', 'z');",
    };
    expect(raised([planted])).toEqual(['planted']);
    expect(strays([planted])).toEqual(['libs/x/src/x.ts']);
  });
});
