import { currencyExponent } from '@tradewind/shared-kernel';

/** Readers of settings: each returns the value, or throws an Error that says what is expected. */

export const integer = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new Error(`an integer from ${least} to ${most}`);
  return value;
};
export const oneOf =
  <T extends string>(...values: T[]) =>
  (text: string) => {
    if (!values.includes(text as T)) throw new Error(`one of ${values.join(', ')}`);
    return text as T;
  };
export const url =
  (...protocols: string[]) =>
  (text: string) => {
    if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
      throw new Error(`a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
    }
    if (/%(?![0-9a-f]{2})/i.test(text)) throw new Error('a URL in which a % that stands for itself is written %25');
    return text;
  };
export const text = (value: string) => {
  if (value.trim() === '') throw new Error('text that is not empty');
  return value;
};
export const list = (value: string) =>
  text(value)
    .split(',')
    .map((part) => text(part.trim()));
/** As `CNY=100,JPY=0`. */
export const amountsByCurrency = (value: string) =>
  Object.fromEntries(
    list(value).map((part) => {
      const [, currency, amount] = /^([A-Z]{3})=(\d{1,15})$/.exec(part) ?? [];
      if (!currency || currencyExponent(currency) === undefined) {
        throw new Error('ISO 4217 codes with minor units, as in CNY=100,JPY=0');
      }
      return [currency, Number(amount)];
    }),
  );
