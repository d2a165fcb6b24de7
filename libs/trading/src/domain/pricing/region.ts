/** A region as rates are kept under it: letters, digits and `-`, without regard to case. ISO 3166 codes are regions too. */
export const regionKey = (region: string): string => region.toUpperCase();

/** Where a basket is sold and goes, as far as it is known. */
export interface Destination {
  region: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string | null;
}

/** The regions whose rates count, the most specific first: the region of the sale, then the country it goes to. */
export const regionsOf = ({ region, country }: Destination): string[] =>
  [region, country].flatMap((part) => (part === null ? [] : [regionKey(part)]));
