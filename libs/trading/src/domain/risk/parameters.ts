import { currencyExponent, type MoneyJson } from '@tradewind/shared-kernel';

/** What is wrong with a value, in words; undefined when nothing is. */
export type Check = (value: unknown) => string | undefined;

export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value);

export const integer =
  (least: number, most: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `must be an integer from ${least} to ${most}`;

export const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) ? undefined : `must be one of ${values.join(', ')}`;

export const someOf =
  (...values: readonly string[]): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every((part) => values.includes(part as string))
      ? undefined
      : `must be a list of ${values.join(', ')}`;

export const text =
  (most: number): Check =>
  (value) =>
    typeof value === 'string' && value !== '' && value.length <= most ? undefined : `must be text of 1 to ${most}`;

export const money: Check = (value) => {
  if (typeof value !== 'object' || value === null || Object.keys(value).toSorted().join() !== 'amount,currency') {
    return 'must be an amount of money: {"amount", "currency"}';
  }
  const { amount, currency } = value as MoneyJson;
  if (!Number.isSafeInteger(amount) || amount < 0) return 'amount must be an integer of minor units';
  return currencyExponent(currency) === undefined ? 'currency must be an ISO 4217 code' : undefined;
};

/** What is wrong with a set of named values: each by its check, and those that no check knows. */
export function problemsOf(
  values: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
): { pointer: string; detail: string }[] {
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(checks, name));
  const wrong = Object.entries(checks).flatMap(([name, check]) => {
    const detail = check(values[name]);
    return detail ? [{ pointer: `/${name}`, detail: `${name} ${detail}` }] : [];
  });
  return [...wrong, ...unknown.map((name) => ({ pointer: `/${name}`, detail: 'unknown field' }))];
}
