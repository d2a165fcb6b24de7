import type { Locale } from '../domain/locale';
import type { Facts, TemplateName } from '../domain/rules';

export interface Wording {
  subject: string;
  text: string;
  html: string;
}

/** What messages say. Facts and names come from outside: they are escaped wherever they appear. */
export abstract class MessageTemplates {
  abstract render(template: TemplateName, locale: Locale, facts: Facts, recipientName: string): Wording;
}
