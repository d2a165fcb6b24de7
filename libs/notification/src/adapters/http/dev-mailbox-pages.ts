import type { Letter } from '../channels/dev-mailbox';

const STYLE = `
  :root { color-scheme: light dark; --line: #8884; --soft: #777; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
  a { color: inherit; }
  .soft { color: var(--soft); }
  ol { list-style: none; padding: 0; border-top: 1px solid var(--line); }
  li { border-bottom: 1px solid var(--line); }
  li a { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .7rem .5rem; text-decoration: none; }
  li a:hover, li a:focus-visible { background: #8881; }
  li strong { flex: 1 1 20rem; overflow-wrap: anywhere; }
  time { font-variant-numeric: tabular-nums; }
  iframe { width: 100%; height: 36rem; border: 1px solid var(--line); border-radius: 8px; background: #fff; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: 8px; padding: 1rem; }`;

export function listPage(letters: Letter[]): string {
  const entries = letters.map(
    ({ id, to, subject, at }) => `
    <li><a href="/dev/mailbox/${escapeHtml(id)}">
      <strong>${escapeHtml(subject)}</strong>
      <span>${escapeHtml(to.email)}</span>
      <time class="soft" datetime="${escapeHtml(at)}">${escapeHtml(readable(at))}</time>
    </a></li>`,
  );
  const list =
    letters.length > 0
      ? `<ol>${entries.join('')}</ol>`
      : '<p>No message yet. Pay an order and its first one arrives here.</p>';
  return page(
    'Dev mailbox',
    `<p class="soft">No mail server is set: messages are kept here instead of being sent.</p>${list}`,
  );
}

export function letterPage({ to, subject, text, html, at }: Letter): string {
  const recipient = `${to.name} <${to.email}>`;
  return page(
    subject,
    `<p class="soft">To ${escapeHtml(recipient)}<br><time datetime="${escapeHtml(at)}">${escapeHtml(readable(at))}</time></p>
  <iframe title="The message as HTML" sandbox srcdoc="${escapeHtml(html)}"></iframe>
  <details><summary>As plain text</summary><pre>${escapeHtml(text)}</pre></details>
  <p><a href="/dev/mailbox">All messages</a></p>`,
  );
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)}</title>
  <style>${STYLE}</style>
</head>
<body>
  <h1>${escapeHtml(title)}</h1>
  ${content}
</body>
</html>
`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** `2026-01-05 08:00:01 UTC` */
const readable = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
