import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, type ValidationArguments } from 'class-validator';

type Plain = Record<string, unknown>;
/** An instance of the class when every rule holds; undefined when one does not, or might not. */
type Reader = (plain: Plain) => object | undefined;
type Rule = (value: unknown, object: Plain) => boolean;

interface Field {
  /** Whether the rules count for this object: `@IsOptional()` and its like. */
  conditions: ((object: object, value: unknown) => boolean)[];
  rules: Rule[];
  nested: Reader | undefined;
}

/**
 * Validates bodies as `full` does, in a fraction of its time: class-validator looks every rule up again for each object,
 * here they become one function for each class. It only ever accepts: what it does not accept, and every class with a
 * decorator that it does not know, goes to `full`, which finds the words for a refusal.
 */
export class CompiledValidation implements PipeTransform {
  readonly #readers = new Map<unknown, Reader | undefined>();

  constructor(private readonly full: PipeTransform) {}

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const { type, metatype } = metadata;
    if (type === 'custom' || (metatype === String && typeof value === 'string')) return value;
    if (type === 'body' && metatype && isPlain(value)) {
      if (!this.#readers.has(metatype)) this.#readers.set(metatype, compile(metatype));
      const accepted = this.#readers.get(metatype)?.(value);
      if (accepted) return accepted;
    }
    return this.full.transform(value, metadata);
  }
}

function compile(target: Type): Reader | undefined {
  const fields = new Map<string, Field>();
  for (const rule of getMetadataStorage().getTargetValidationMetadatas(target, '', false, false)) {
    const name = rule.propertyName;
    const field = fields.get(name) ?? { conditions: [], rules: [], nested: undefined };
    fields.set(name, field);
    if (rule.groups?.length > 0 || rule.validateIf) return undefined;
    if (rule.type === 'conditionalValidation') {
      field.conditions.push(rule.constraints[0] as Field['conditions'][number]);
    } else if (rule.type === 'nestedValidation') {
      field.nested = nestedReader(target, name);
      if (!field.nested) return undefined;
    } else if (rule.type === 'customValidation') {
      for (const { instance, async } of getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls)) {
        if (async) return undefined;
        const { constraints, each } = rule;
        const holds: Rule = (value, object) => {
          const given: ValidationArguments = { value, object, constraints, property: name, targetName: target.name };
          const holdsFor = (part: unknown) => instance.validate(part, given) === true;
          return each && Array.isArray(value) ? value.every(holdsFor) : holdsFor(value);
        };
        field.rules.push(holds);
      }
    } else return undefined;
  }
  const changed = [...fields].some(([name, { nested }]) => !nested && isTransformed(target, name));
  return fields.size === 0 || changed ? undefined : (plain) => read(target, fields, plain);
}

function read(target: Type, fields: ReadonlyMap<string, Field>, plain: Plain): object | undefined {
  for (const name of Object.keys(plain)) if (!fields.has(name)) return undefined;
  const instance = new target() as Plain;
  for (const [name, { conditions, rules, nested }] of fields) {
    const value = plain[name];
    if (value === undefined && name in plain) return undefined;
    if (value !== undefined) instance[name] = value;
    if (!conditions.every((counts) => counts(plain, value))) continue;
    if (!rules.every((holds) => holds(value, plain))) return undefined;
    if (!nested || value === undefined) continue;
    const inner = Array.isArray(value) ? readAll(nested, value) : isPlain(value) && nested(value);
    if (!inner) return undefined;
    instance[name] = inner;
  }
  return instance;
}

function readAll(reader: Reader, values: unknown[]): object[] | undefined {
  const read: object[] = [];
  for (const value of values) {
    const inner = isPlain(value) ? reader(value) : undefined;
    if (!inner) return undefined;
    read.push(inner);
  }
  return read;
}

/** The reader of the class that `@Type` names, asked of class-transformer itself. */
function nestedReader(target: Type, name: string): Reader | undefined {
  const made = (plainToInstance(target, { [name]: {} }) as Plain)[name];
  const type = (made as object | undefined)?.constructor;
  return type && type !== Object ? compile(type as Type) : undefined;
}

/** Whether class-transformer would give this field another value or name than it came with. */
function isTransformed(target: Type, name: string): boolean {
  const probe = ' 1 Probe ';
  return (plainToInstance(target, { [name]: probe }) as Plain)[name] !== probe;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
