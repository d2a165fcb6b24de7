import { currencyExponent, type MoneyJson } from '@tradewind/shared-kernel';
import type { LoggedEvent } from '@tradewind/shared-kernel/messaging';

/** Facts worth a place in the one line, in this order. */
const SALIENT = ['amount', 'total', 'reason', 'status', 'carrier', 'number', 'template', 'channel'];

/** One line for people, made of the event's own name and facts: it needs to know no context's events. */
export function summaryOf({ type, data }: LoggedEvent): string {
  const words = (type.split('.')[1] ?? type).replaceAll('-', ' ');
  const facts = SALIENT.map((key) => data[key]).filter((fact) => fact !== null && fact !== undefined);
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return facts.length > 0 ? `${title}: ${facts.map(textOf).join(' ')}` : title;
}

function textOf(fact: unknown): string {
  return isMoney(fact) ? `${decimal(fact)} ${fact.currency}` : String(fact);
}

function decimal({ amount, currency }: MoneyJson): string {
  const digits = currencyExponent(currency) ?? 2;
  const text = String(amount).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

const isMoney = (fact: unknown): fact is MoneyJson =>
  typeof fact === 'object' && fact !== null && 'amount' in fact && 'currency' in fact;
