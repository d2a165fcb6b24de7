import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Where the project's own files are: the folder that holds `dist/`. */
export const ROOT = path.resolve(__dirname, '../../../../..');

/** What only the source text tells: comments, and who makes an object of which class. */
export interface SourceIndex {
  /** The comment above a class. */
  aboutClass: ReadonlyMap<string, string>;
  /** Files with `new Name(…)`, relative to the root. */
  makersOf: ReadonlyMap<string, readonly string[]>;
}

export function indexSource(): SourceIndex {
  const aboutClass = new Map<string, string>();
  const makersOf = new Map<string, string[]>();
  for (const file of sourceFiles()) {
    const source = ts.createSourceFile(file, readFileSync(path.join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isClassDeclaration(node) && node.name) aboutClass.set(node.name.text, commentOf(node));
      if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
        const files = makersOf.get(node.expression.text) ?? [];
        if (!files.includes(file)) makersOf.set(node.expression.text, [...files, file]);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { aboutClass, makersOf };
}

export interface Field {
  name: string;
  type: string;
  about: string;
}

/** The shape of a contract class, as its type says it. */
export interface ContractShape {
  fields: Field[];
  /** Name of the field that is the aggregate's id. */
  aggregateKey: string;
  /** Name of the field that names the business process. */
  correlationKey: string;
}

export interface ContractReader {
  /** Every class that the files export, in the order in which they stand there. */
  classNames: string[];
  shapeOf: (className: string) => ContractShape;
}

/** Reads contract files with the type checker. */
export function readContracts(files: readonly string[]): ContractReader {
  const configFile = path.join(ROOT, 'tsconfig.json');
  const { config } = ts.readConfigFile(configFile, (file) => ts.sys.readFile(file)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [...files], include: [] }, ts.sys, ROOT);
  const program = ts.createProgram(
    files.map((file) => path.join(ROOT, file)),
    { ...options, types: [], noEmit: true },
  );
  const checker = program.getTypeChecker();
  const classes = new Map<string, ts.Symbol>();
  for (const file of files) {
    const source = program.getSourceFile(path.join(ROOT, file));
    const symbol = source && checker.getSymbolAtLocation(source);
    if (!symbol) throw new Error(`${file} cannot be read`);
    for (const exported of checker.getExportsOfModule(symbol)) {
      if (exported.flags & ts.SymbolFlags.Class) classes.set(exported.name, exported);
    }
  }

  const shapeOf = (className: string): ContractShape => {
    const symbol = classes.get(className);
    const declaration = symbol?.valueDeclaration;
    if (!symbol || !declaration) throw new Error(`no contract exports ${className}`);
    const instance = checker.getDeclaredTypeOfSymbol(symbol);
    const typeOf = (member: ts.Symbol) => checker.getTypeOfSymbolAtLocation(member, declaration);
    const data = instance.getProperty('data');
    const keyIn = (getter: string) =>
      /this\.data\.(\w+)/.exec(instance.getProperty(getter)?.valueDeclaration?.getText() ?? '')?.[1];
    const aggregateKey = keyIn('aggregateId') ?? '';
    const fields = data ? checker.getPropertiesOfType(typeOf(data)) : [];
    return {
      fields: fields.map((field) => ({
        name: field.name,
        type: checker.typeToString(typeOf(field), declaration, ts.TypeFormatFlags.NoTruncation),
        about: oneLine(ts.displayPartsToString(field.getDocumentationComment(checker))),
      })),
      aggregateKey,
      correlationKey: keyIn('correlationId') ?? aggregateKey,
    };
  };
  return { classNames: [...classes.keys()], shapeOf };
}

function sourceFiles(): string[] {
  return readdirSync(path.join(ROOT, 'libs'))
    .map((lib) => path.join('libs', lib, 'src'))
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.join(folder, file),
      ),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replaceAll(path.sep, '/'))
    .toSorted();
}

function commentOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter((part) => ts.isJSDoc(part));
  return oneLine(ts.getTextOfJSDocComment(comment?.comment) ?? '');
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
