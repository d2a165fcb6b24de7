import { Injectable } from '@nestjs/common';
import { Liquid, type Template } from 'liquidjs';
import type { MoneyJson } from '@tradewind/shared-kernel';
import { formatMoney, formatTime, type Locale, LOCALES } from '../../domain/locale';
import type { Facts, TemplateName } from '../../domain/rules';
import { MessageTemplates, type Wording } from '../../features/message-templates';
import { htmlSource, textSource } from './layout';
import { orderCancelled } from './order-cancelled';
import { orderDelivered } from './order-delivered';
import { orderPaid } from './order-paid';
import { orderShipped } from './order-shipped';
import { refundSettled } from './refund-settled';
import type { Translations } from './wording';

const WORDS: Record<TemplateName, Translations> = {
  'order-paid': orderPaid,
  'order-shipped': orderShipped,
  'order-delivered': orderDelivered,
  'order-cancelled': orderCancelled,
  'refund-settled': refundSettled,
};

type Parsed = Record<keyof Wording, Template[]>;

/** Parses every template as it is made: a broken one fails the boot. */
@Injectable()
export class LiquidTemplates extends MessageTemplates {
  readonly #html = engine('escape');
  // Text has no markup to escape from, but a value must not begin a line, or a header, of its own.
  readonly #plain = engine((value: string | number | null) => String(value ?? '').replaceAll(/\p{Cc}+/gu, ' '));
  readonly #parsed: ReadonlyMap<string, Parsed>;

  constructor() {
    super();
    const parsed = Object.entries(WORDS).flatMap(([name, translations]) =>
      LOCALES.map((locale) => [`${name}/${locale}`, this.#parse(translations, locale)] as const),
    );
    this.#parsed = new Map(parsed);
  }

  /** Throws when the facts lack something that the words name. */
  render(template: TemplateName, locale: Locale, facts: Facts, recipientName: string): Wording {
    const parsed = this.#parsed.get(`${template}/${locale}`);
    if (!parsed) throw new Error(`there is no template ${template}/${locale}`);
    const scope = { ...facts, locale, name: recipientName.trim() };
    return {
      subject: this.#plain.renderSync(parsed.subject, scope),
      text: this.#plain.renderSync(parsed.text, scope),
      html: this.#html.renderSync(parsed.html, scope),
    };
  }

  #parse(translations: Translations, locale: Locale): Parsed {
    const words = translations[locale];
    return {
      subject: this.#plain.parse(words.subject),
      text: this.#plain.parse(textSource(words, locale)),
      html: this.#html.parse(htmlSource(words, locale)),
    };
  }
}

function engine(outputEscape: 'escape' | ((value: string | number | null) => string)): Liquid {
  const liquid = new Liquid({ outputEscape, strictFilters: true, strictVariables: true });
  liquid.registerFilter('money', (amount: MoneyJson, locale: Locale) => formatMoney(amount, locale));
  liquid.registerFilter('time', (time: string, locale: Locale) => formatTime(time, locale));
  return liquid;
}
