import { chooseLocale, formatMoney, formatTime } from '../src/domain/locale';

describe('the language of a message', () => {
  it.each([
    ['zh-CN', 'zh-CN'],
    ['ZH-cn', 'zh-CN'],
    ['zh', 'zh-CN'],
    ['zh-Hant-TW', 'zh-CN'],
    ['en', 'en'],
    ['en-GB', 'en'],
    ['fr-FR', 'en'],
    ['', 'en'],
    ['not a tag', 'en'],
  ])('for %j is %s', (wanted, locale) => {
    expect(chooseLocale(wanted)).toBe(locale);
  });
});

describe('an amount', () => {
  it.each([
    [12990, 'CNY', 'zh-CN', '¥129.90'],
    [12990, 'CNY', 'en', 'CN¥129.90'],
    [5, 'CNY', 'zh-CN', '¥0.05'],
    [1234567, 'JPY', 'en', '¥1,234,567'],
    [1500, 'KWD', 'en', 'KWD 1.500'],
    [-12990, 'USD', 'en', '-$129.90'],
    [Number.MAX_SAFE_INTEGER, 'CNY', 'zh-CN', '¥90,071,992,547,409.91'],
    [12990, 'XQQ', 'en', 'XQQ 12990'],
  ] as const)('of %d %s is shown in %s as %s', (amount, currency, locale, text) => {
    expect(formatMoney({ amount, currency }, locale).replaceAll('\u00a0', ' ')).toBe(text);
  });
});

describe('a time', () => {
  it('is shown with its zone: Beijing for Chinese readers, UTC for others', () => {
    expect(formatTime('2026-01-05T20:30:00Z', 'zh-CN')).toMatch(/^2026年1月6日.*04:30/);
    expect(formatTime('2026-01-05T20:30:00Z', 'en')).toMatch(/^January 5, 2026.*20:30 UTC$/);
    expect(formatTime('2026-01-05T00:05:00Z', 'en')).toMatch(/00:05 UTC$/);
  });
});
