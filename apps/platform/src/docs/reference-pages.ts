import { errorCatalogue } from '@tradewind/shared-kernel';
import { SETTINGS } from '../start/settings';
import { code, paragraphs, table } from './markdown';

export function errors(): string {
  return paragraphs(
    '# Error codes',
    'Every refusal is a problem document (RFC 9457, `application/problem+json`) with one of these as its `code`. `retryable` is yes exactly when the cause passes by itself: the same request, sent again after `Retry-After`, can succeed. With an `Idempotency-Key` it never has a second effect.',
    table(
      ['code', 'status', 'title', 'when', 'retryable'],
      [...errorCatalogue()]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { status, title, when = '', retryable }]) => [
          code(name),
          String(status),
          title,
          when,
          retryable ? 'yes' : 'no',
        ]),
    ),
  );
}

export function configuration(): string {
  return paragraphs(
    '# Configuration',
    'A setting comes from its environment variable, else from its key in `tradewind.yaml` in the working folder (or in the file that `TRADEWIND_CONFIG` names), else from its default. All mistakes are reported together at the start, and values of secrets never.',
    table(
      ['environment', 'YAML', 'default', 'takes', 'about'],
      Object.entries(SETTINGS).map(([key, { env, fallback, read, about, secret = false }]) => [
        code(env),
        code(key),
        shown(fallback, secret),
        expected(read),
        secret ? `${about} Secret.` : about,
      ]),
    ),
  );
}

function shown(fallback: unknown, secret: boolean): string {
  if (fallback === undefined) return '–';
  return secret ? 'not shown' : code([fallback as string | number | string[]].flat().join(','));
}

/** What a setting takes, in the words with which it refuses nothing at all. */
function expected(read: (text: string) => unknown): string {
  try {
    read('');
  } catch (error) {
    return (error as Error).message;
  }
  return 'anything';
}
