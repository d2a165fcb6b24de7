import { ValidationPipe } from '@nestjs/common';
import { registerDecorator, type ValidationError } from 'class-validator';
import { currencyExponent } from '../core/money';
import { isId } from '../core/ids';
import { httpRefusal } from './error-codes';

/** Every DTO is checked by its class-validator decorators; fields it does not name are refused. */
export const validationPipe = () =>
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

export const IsIdOf = (prefix: string): PropertyDecorator =>
  rule('isId', `must be an identifier that begins with ${prefix}_`, (value) => isId(prefix, value))();
