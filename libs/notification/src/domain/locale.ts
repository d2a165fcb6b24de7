import { currencyExponent, type MoneyJson } from '@tradewind/shared-kernel';

/** The languages that messages are written in. */
export const LOCALES = ['zh-CN', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** Where a time without a place is shown. */
const ZONE: Record<Locale, string> = { 'zh-CN': 'Asia/Shanghai', en: 'UTC' };

/** The locale for a BCP 47 tag: the same one, else the one of its language, else English. */
export function chooseLocale(wanted: string): Locale {
  const tag = wanted.toLowerCase();
  const exact = LOCALES.find((locale) => locale.toLowerCase() === tag);
  return exact ?? LOCALES.find((locale) => locale.split('-')[0] === tag.split('-')[0]) ?? 'en';
}

/** `¥129.90` for 12990 minor units of CNY; minor units after the code when the currency is unknown. */
export function formatMoney({ amount, currency }: MoneyJson, locale: Locale): string {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) return `${currency} ${amount}`;
  // Digits are moved as text: a division could round an amount beyond 2^53 / 100.
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0');
  const point = digits.length - exponent;
  const decimal = `${amount < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}` as `${number}`;
  return moneyFormat(locale, currency).format(decimal);
}

/** A time (RFC 3339) with its zone, for people. */
export function formatTime(time: string, locale: Locale): string {
  return TIME_FORMAT[locale].format(new Date(time));
}

const timeFormat = (locale: Locale) =>
  new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: ZONE[locale],
    timeZoneName: 'short',
  });

// Making a format takes far longer than using it.
const TIME_FORMAT: Record<Locale, Intl.DateTimeFormat> = { 'zh-CN': timeFormat('zh-CN'), en: timeFormat('en') };
const moneyFormats = new Map<string, Intl.NumberFormat>();

function moneyFormat(locale: Locale, currency: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`;
  const format = moneyFormats.get(key) ?? new Intl.NumberFormat(locale, { style: 'currency', currency });
  moneyFormats.set(key, format);
  return format;
}
