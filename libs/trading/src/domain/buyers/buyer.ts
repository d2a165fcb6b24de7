import type { Id } from '@tradewind/shared-kernel';
import { refusal } from '../refusals';

/** What the shop knows of a buyer and may change. */
export interface BuyerProfile {
  /** Signed 64 bits. */
  memberNumber: bigint;
  /** Personal data: never in events or logs. */
  nickname: string;
  /** Set by the shop, 0 to 100. */
  level: number;
}

export interface BuyerState extends BuyerProfile {
  id: Id<'buy'>;
  registeredAt: Date;
  /** RFC 3339 as it was given, so that the offset of the place is kept. */
  lastLogin: string | null;
}

export const MOST_NICKNAME_BYTES = 32;
export const MOST_LEVEL = 100;
const LEAST_MEMBER_NUMBER = -(2n ** 63n);
const MOST_MEMBER_NUMBER = 2n ** 63n - 1n;
/** How far the clock of whoever reports a login may be ahead of ours. */
const CLOCK_AHEAD_MS = 5 * 60_000;

/** Who buys. Points and stored value are ledgers beside it. */
export class Buyer {
  private constructor(private current: BuyerState) {}

  static register(id: Id<'buy'>, profile: BuyerProfile, now: Date): Buyer {
    return new Buyer({ id, ...valid(profile), registeredAt: now, lastLogin: null });
  }

  static restore(state: BuyerState): Buyer {
    return new Buyer(state);
  }

  get state(): Readonly<BuyerState> {
    return this.current;
  }

  update(profile: BuyerProfile): void {
    this.current = { ...this.current, ...valid(profile) };
  }

  /** `at` is RFC 3339. Logins are reported in any order: the latest one stays. */
  logIn(at: string, now: Date): void {
    if (Date.parse(at) > now.getTime() + CLOCK_AHEAD_MS) {
      throw refusal('login-in-future', 'the login is more than five minutes ahead of our clock');
    }
    const { lastLogin } = this.current;
    if (lastLogin === null || Date.parse(at) > Date.parse(lastLogin)) this.current = { ...this.current, lastLogin: at };
  }
}

/** Reads a member number as JSON carries it: a decimal string in its one canonical form, without + and leading zeros. */
export function memberNumberOf(text: string): bigint {
  const number = /^(0|-?[1-9]\d{0,18})$/.test(text) ? BigInt(text) : undefined;
  if (number === undefined || number < LEAST_MEMBER_NUMBER || number > MOST_MEMBER_NUMBER) {
    const detail = `memberNumber is a decimal string from ${LEAST_MEMBER_NUMBER} to ${MOST_MEMBER_NUMBER}, without + and leading zeros`;
    throw refusal('malformed-member-number', detail, at('/memberNumber', detail));
  }
  return number;
}

/** Refuses what is beyond a limit; nothing is ever cut to fit. */
function valid({ memberNumber, nickname, level }: BuyerProfile): BuyerProfile {
  const bytes = new TextEncoder().encode(nickname).length;
  if (bytes > MOST_NICKNAME_BYTES) {
    const detail = `nickname has ${bytes} bytes of UTF-8, at most ${MOST_NICKNAME_BYTES} are taken`;
    throw refusal('nickname-too-long', detail, { bytes, most: MOST_NICKNAME_BYTES, ...at('/nickname', detail) });
  }
  if (nickname.trim() === '' || !nickname.isWellFormed() || /\p{Cc}/u.test(nickname)) {
    const detail = 'nickname is text that is not blank, without control characters and halves of surrogate pairs';
    throw refusal('malformed-nickname', detail, at('/nickname', detail));
  }
  if (!Number.isInteger(level) || level < 0 || level > MOST_LEVEL) {
    const detail = `level is an integer from 0 to ${MOST_LEVEL}`;
    throw refusal('level-out-of-range', detail, at('/level', detail));
  }
  return { memberNumber, nickname, level };
}

const at = (pointer: string, detail: string) => ({ errors: [{ pointer, detail }] });
