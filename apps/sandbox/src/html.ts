/** Markup that is safe to send. Made by `html` only. */
export class Html {
  constructor(readonly markup: string) {}
}

type Value = string | number | Html | Html[];

/** Joins markup and values; every value that is not itself `Html` is escaped. */
export function html(texts: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(texts.reduce((markup, text, index) => markup + markupOf(values[index - 1] ?? '') + text));
}

/** A whole page, with nothing loaded from elsewhere. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.markup;
}

function markupOf(value: Value): string {
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map((part) => part.markup).join('');
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = new Html(`
  :root { color-scheme: light dark; --ink: #1c2430; --soft: #667085; --paper: #fff; --ground: #eef1f5; --line: #d5dbe3;
    --accent: #0b6e5f; --bad: #b42318; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #98a2b3; --paper: #1b222c; --ground: #11161d;
    --line: #344054; --accent: #17907d; --bad: #f97066; } }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
    color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
  main { background: var(--paper); border: 1px solid var(--line); border-radius: 14px; padding: 1.75rem; width: 100%; }
  .card { max-width: 26rem; }
  .wide { max-width: 60rem; align-self: start; min-width: 0; }
  .brand { margin: 0; font-weight: 600; color: var(--accent); }
  .amount { margin: .25rem 0 1rem; font-size: 2rem; font-weight: 700; font-variant-numeric: tabular-nums; }
  h1 { margin: .5rem 0; font-size: 1.4rem; } h1.paid { color: var(--accent); } h1.declined { color: var(--bad); }
  h2 { margin: 1.5rem 0 .5rem; font-size: 1.05rem; }
  dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0 0 1.5rem; font-size: .9rem; }
  dt, .note { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; } .note { font-size: .85rem; }
  form { display: grid; gap: .6rem; }
  button, .button { display: block; width: 100%; padding: .75rem; border: 1px solid var(--line); border-radius: 9px;
    background: transparent; color: inherit; font: inherit; font-weight: 600; text-align: center; text-decoration: none;
    cursor: pointer; }
  .pay, .button { background: var(--accent); border-color: var(--accent); color: #fff; }
  a { color: var(--accent); } a.button { color: #fff; }
  .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
  td { padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); white-space: nowrap; }
  .number { text-align: right; font-variant-numeric: tabular-nums; }
  pre, code { font-size: .85em; white-space: pre-wrap; overflow-wrap: anywhere; }
`);
