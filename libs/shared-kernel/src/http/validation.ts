import { type PipeTransform, ValidationPipe } from '@nestjs/common';
import { registerDecorator, type ValidationError } from 'class-validator';
import { currencyExponent } from '../core/money';
import { isId } from '../core/ids';
import { CompiledValidation } from './compiled-validation';
import { httpRefusal } from './error-codes';
import { isTimeText } from './page';

/** Every DTO is checked by its class-validator decorators; fields it does not name are refused. */
export const validationPipe = (): PipeTransform => new CompiledValidation(fullValidation());

/** Nest's own, with our words for what it refuses. */
export const fullValidation = () =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => {
      const fields = errors.flatMap((error) => flatten(error, ''));
      const [first] = fields;
      return httpRefusal('invalid-request', first ? `${first.pointer}: ${first.detail}` : 'the request is not valid', {
        errors: fields,
      });
    },
  });

function flatten(error: ValidationError, parent: string): { pointer: string; detail: string }[] {
  const pointer = `${parent}/${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, detail]) => ({
    pointer,
    detail: rule === 'whitelistValidation' ? 'unknown field' : detail,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, pointer))];
}

function rule(name: string, message: string, validate: (value: unknown) => boolean) {
  return (): PropertyDecorator => (target, property) =>
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: { validate, defaultMessage: () => `$property ${message}` },
    });
}

/** Integer minor units, 0 to 2^53 - 1. */
export const IsMinorUnits = rule(
  'isMinorUnits',
  'must be an integer of minor units from 0 to 2^53 - 1',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);

export const IsCurrency = rule(
  'isCurrency',
  'must be an ISO 4217 currency code',
  (value) => typeof value === 'string' && currencyExponent(value) !== undefined,
);

const RFC_3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** A time of RFC 3339 on a day that exists. Leap seconds are refused: neither `Date` nor PostgreSQL keeps them. */
export const IsTime = rule('isTime', 'must be a time of RFC 3339, as in 2026-01-31T08:00:00Z', (value) => {
  const day = typeof value === 'string' && RFC_3339.exec(value)?.[1];
  return Boolean(day) && isTimeText(`${day}T00:00:00.000Z`);
});

export const IsIdOf = (prefix: string): PropertyDecorator =>
  rule('isId', `must be an identifier that begins with ${prefix}_`, (value) => isId(prefix, value))();
