import type { Locale } from '../../domain/locale';

/**
 * One message in one language. Plain words with Liquid outputs (https://liquidjs.com): no markup, as both the text and the
 * HTML part are made from it. Known: `orderId` and the other facts of the event, `name`, `locale`;
 * filters `{{ amount | money: locale }}`, `{{ at | time: locale }}`.
 */
export interface MessageWords {
  subject: string;
  paragraphs: readonly string[];
  /** Shown as a table: label and value. */
  details: readonly (readonly [label: string, value: string])[];
}

export type Translations = Record<Locale, MessageWords>;
