import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsString,
  Max,
  MaxLength,
  Min,
  registerDecorator,
  ValidateIf,
  type ValidationArguments,
  ValidateNested,
} from 'class-validator';

function rule(name: string, validate: (value: unknown, given: ValidationArguments) => boolean, message: string) {
  return (target: object, property: string | symbol): void =>
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: { validate, defaultMessage: () => message },
    });
}

/** A field that belongs to these kinds only: its other rules count for them, and no other kind may have it. */
export function ofKind(...kinds: string[]): PropertyDecorator {
  const belongs = ({ kind }: { kind?: unknown }) => kinds.includes(kind as string);
  return (target, property) => {
    rule('ofKind', (_, { object }) => belongs(object), `$property is for ${kinds.join(', ')} only`)(target, property);
    ValidateIf((object: object, value) => belongs(object) || value !== undefined)(target, property);
  };
}

export const isAfter = (other: string): PropertyDecorator =>
  rule(
    'isAfter',
    (value, { object }) => {
      const earlier = (object as Record<string, unknown>)[other];
      return typeof earlier !== 'string' || new Date(value as string) > new Date(earlier);
    },
    `$property must be later than ${other}`,
  );

/** Some texts, each up to 64 characters. */
export const texts =
  (most: number): PropertyDecorator =>
  (target, property) => {
    MaxLength(64, { each: true })(target, property);
    IsNotEmpty({ each: true })(target, property);
    IsString({ each: true })(target, property);
    ArrayMaxSize(most)(target, property);
    ArrayMinSize(1)(target, property);
    IsArray()(target, property);
  };

export const integer =
  (least: number, most: number): PropertyDecorator =>
  (target, property) => {
    Max(most)(target, property);
    Min(least)(target, property);
    IsInt()(target, property);
  };

export const object =
  (type: () => new () => object): PropertyDecorator =>
  (target, property) => {
    Type(type)(target, property);
    ValidateNested()(target, property);
    IsObject()(target, property);
  };

export const objects =
  (type: () => new () => object, least: number, most: number): PropertyDecorator =>
  (target, property) => {
    Type(type)(target, property);
    IsObject({ each: true })(target, property);
    ValidateNested({ each: true })(target, property);
    ArrayMaxSize(most)(target, property);
    ArrayMinSize(least)(target, property);
    IsArray()(target, property);
  };
