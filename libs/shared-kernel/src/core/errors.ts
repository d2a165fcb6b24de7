/** What callers are told about a code, at every place it is raised. */
export interface ErrorEntry {
  /** HTTP status of the answer. */
  status: number;
  /** One short sentence, the same for every occurrence. */
  title: string;
  /** When it happens, and where it is not plain: why a retry can or cannot help. */
  when?: string;
  /** True exactly when the cause passes by itself, so that the same request, sent again a little later, can succeed. */
  retryable: boolean;
}

const catalogue = new Map<string, ErrorEntry>();

/** A refusal: the system works and says no, for a reason the caller can act on. Anything else thrown is breakage. */
export class DomainError extends Error {
  constructor(
    readonly code: string,
    detail: string,
    /** Further members of the problem document: `{ from, event, allowed }`, `{ skus: […] }`. */
    readonly members: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = 'DomainError';
  }
}

/**
 * Adds a context's codes to the one catalogue and returns what makes its refusals:
 * `export const refusal = errorCodes({ 'unknown-sku': { status: 422, title: '…', when: 'A line names a SKU that the catalogue does not have.', retryable: false } });`
 */
export function errorCodes<Code extends string>(entries: Record<Code, ErrorEntry>) {
  for (const [code, entry] of Object.entries<ErrorEntry>(entries)) {
    if (catalogue.has(code)) throw new Error(`error code ${code} is defined twice`);
    catalogue.set(code, entry);
  }
  return (code: Code, detail: string, members?: Readonly<Record<string, unknown>>, options?: ErrorOptions) =>
    new DomainError(code, detail, members, options);
}

/** Adds to codes of the catalogue when they happen, where that is told apart from them. */
export function tellWhen(occasions: Readonly<Record<string, string>>): void {
  for (const [code, when] of Object.entries(occasions)) {
    const entry = catalogue.get(code);
    if (!entry) throw new Error(`there is no error code ${code}`);
    catalogue.set(code, { ...entry, when });
  }
}

/** Every code of the product, for the error filter and the generated reference. */
export function errorCatalogue(): ReadonlyMap<string, ErrorEntry> {
  return catalogue;
}
