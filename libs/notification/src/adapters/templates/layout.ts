import type { Locale } from '../../domain/locale';
import type { MessageWords } from './wording';

const BRAND = 'Tradewind';

const GREETING: Record<Locale, string> = {
  'zh-CN': '{% if name == "" %}您好：{% else %}{{ name }}，您好：{% endif %}',
  en: '{% if name == "" %}Hello,{% else %}Hello {{ name }},{% endif %}',
};

const FOOTER: Record<Locale, string> = {
  'zh-CN': '此邮件由系统自动发送，请勿直接回复。',
  en: 'This message was sent automatically; replies to it are not read.',
};

/** The Liquid source of a message's text part. */
export function textSource({ paragraphs, details }: MessageWords, locale: Locale): string {
  const colon = locale === 'zh-CN' ? '：' : ': ';
  const table = details.map(([label, value]) => `${label}${colon}${value}`).join('\n');
  return [GREETING[locale], ...paragraphs, table, `-- \n${BRAND}\n${FOOTER[locale]}`].join('\n\n');
}

/** The Liquid source of a message's HTML part. Tables and inline styles: what mail programs understand. */
export function htmlSource({ subject, paragraphs, details }: MessageWords, locale: Locale): string {
  const cell = 'padding:8px 0;border-top:1px solid #e5e7eb;vertical-align:top';
  const rows = details.map(
    ([label, value]) => `
          <tr><th align="left" style="${cell};padding-right:24px;font-weight:normal;color:#6b7280">${label}</th>
            <td style="${cell};word-break:break-word">${value}</td></tr>`,
  );
  const body = [GREETING[locale], ...paragraphs].map(
    (words) => `
        <p style="margin:0 0 16px">${words}</p>`,
  );
  return `<!doctype html>
<html lang="${locale}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${subject}</title>
</head>
<body style="margin:0;padding:0;background:#f3f4f6">
  <table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px 12px">
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border-radius:12px;font:16px/1.6 -apple-system,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif;color:#111827">
      <tr><td style="padding:24px 32px;border-bottom:3px solid #0f766e;font-weight:bold;color:#0f766e">${BRAND}</td></tr>
      <tr><td style="padding:28px 32px">${body.join('')}
        <table width="100%" cellpadding="0" cellspacing="0" style="margin-top:8px">${rows.join('')}
        </table>
      </td></tr>
      <tr><td style="padding:16px 32px 24px;font-size:13px;color:#6b7280">${FOOTER[locale]}</td></tr>
    </table>
  </td></tr></table>
</body>
</html>
`;
}
