export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** A small page of our own text; nothing of it comes from requests. */
export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>
body{font:16px/1.6 system-ui,sans-serif;max-width:52rem;margin:3rem auto;padding:0 1rem;color:#1c2733}
h1{font-weight:650}a{color:#0b62a4}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #e3e8ee;vertical-align:top}code{font-size:.92em}
tr:target{background:#fff6d6}
</style><body><h1>${title}</h1>${body}</body></html>`;
}
