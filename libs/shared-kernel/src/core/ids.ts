/**
 * Identifiers are UUIDv7 (RFC 9562), shown as TypeIDs (jetify TypeID spec 0.3): a prefix that names the kind and 26
 * characters of Crockford base32, for example `ord_01jdx3p8e6fq8v2m0c4k7n5r9t`. Databases store the UUID.
 */
export type Id<Prefix extends string> = `${Prefix}_${string}`;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const VALUE_OF = new Map(Array.from(ALPHABET, (char, value) => [char, value]));
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Makes identifiers. Injected, so that tests fix them. */
export abstract class Ids {
  /** A new id; with `lane`, one whose events go to that lane of the event log (0 to 15). */
  abstract next<Prefix extends string>(prefix: Prefix, lane?: number): Id<Prefix>;
}

/** Random bytes are drawn for so many ids at a time: a draw costs the same for one as for all of them. */
const DRAW = 512;

/** UUIDv7 from the system clock; ids made within one millisecond keep their order through a 12-bit counter. */
export class SystemIds extends Ids {
  readonly #drawn = new Uint8Array(DRAW * 16);
  #used = DRAW;
  #millisecond = 0;
  #counter = 0;

  next<Prefix extends string>(prefix: Prefix, lane?: number): Id<Prefix> {
    const bytes = this.#random();
    const now = Date.now();
    if (now > this.#millisecond) {
      this.#millisecond = now;
      this.#counter = (((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0)) & 0x7ff;
    } else if (++this.#counter > 0xfff) {
      this.#millisecond += 1;
      this.#counter = 0;
    }
    for (let index = 5, rest = this.#millisecond; index >= 0; index--, rest = Math.floor(rest / 256)) {
      bytes[index] = rest % 256;
    }
    bytes[6] = 0x70 | (this.#counter >> 8);
    bytes[7] = this.#counter & 0xff;
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    if (lane !== undefined) bytes[15] = ((bytes[15] ?? 0) & 0xf0) | lane;
    return `${prefix}_${encode(bytes)}`;
  }

  /** 16 random bytes, to be used before the next call. */
  #random(): Uint8Array {
    if (this.#used === DRAW) {
      crypto.getRandomValues(this.#drawn);
      this.#used = 0;
    }
    const at = this.#used++ * 16;
    return this.#drawn.subarray(at, at + 16);
  }
}

/** The UUID behind a TypeID, as PostgreSQL stores it. */
export function uuidOf(id: string): string {
  const bytes = decode(id.slice(id.lastIndexOf('_') + 1));
  if (!bytes) throw new RangeError(`not an identifier: ${id}`);
  let text = '';
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += HEX[bytes[index] ?? 0];
  }
  return text;
}

/** The TypeID of a stored UUID. */
export function idOf<Prefix extends string>(prefix: Prefix, uuid: string): Id<Prefix> {
  const hex = uuid.replaceAll('-', '');
  const bytes = new Uint8Array(16);
  for (let index = 0; index < 16; index++) bytes[index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
  return `${prefix}_${encode(bytes)}`;
}

/** The least UUIDv7 of this moment, milliseconds since 1970: where a range of ids by time begins. */
export function firstUuidOf(milliseconds: number): string {
  const hex = Math.max(0, milliseconds).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** True when the text is a well-formed TypeID with this prefix. */
export function isId<Prefix extends string>(prefix: Prefix, text: unknown): text is Id<Prefix> {
  return (
    typeof text === 'string' &&
    text.length === prefix.length + 27 &&
    text.startsWith(`${prefix}_`) &&
    decode(text.slice(prefix.length + 1)) !== undefined
  );
}

/** Number of lanes of the event log. */
export const LANES = 16;

/** The lane that an aggregate's events go to: the last four bits of a TypeID, a hash of any other key. */
export function laneOf(aggregateId: string): number {
  if (/_[0-9a-hjkmnp-tv-z]{26}$/.test(aggregateId)) return (VALUE_OF.get(aggregateId.at(-1) ?? '') ?? 0) % LANES;
  let hash = 0x811c9dc5; // FNV-1a
  for (let index = 0; index < aggregateId.length; index++) {
    hash = Math.imul(hash ^ aggregateId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % LANES;
}

/** Batches that stay in one lane before the next one takes its turn. */
const STAY = 16;

/**
 * Lanes in turn, to be called once for each batch. Aggregates that are made in one batch share a lane, so that their events
 * lock one. Several batches stay in it: while one of them is being delivered, those behind it gather.
 */
export function lanesInTurn(stay = STAY): () => number {
  let batches = 0;
  return () => Math.floor(batches++ / stay) % LANES;
}

/** 128 bits as 26 characters of 5 bits; the first character carries 3 bits. */
function encode(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 2; // two leading zero bits make 130 = 26 * 5
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return text;
}

function decode(text: string): Uint8Array | undefined {
  if (text.length !== 26 || (VALUE_OF.get(text[0] ?? '') ?? 8) > 7) return undefined;
  const bytes = new Uint8Array(16);
  let buffer = 0;
  let bits = -2;
  let index = 0;
  for (const char of text) {
    const value = VALUE_OF.get(char);
    if (value === undefined) return undefined;
    buffer = (buffer << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[index++] = (buffer >> bits) & 255;
      buffer &= (1 << bits) - 1;
    }
  }
  return bytes;
}
