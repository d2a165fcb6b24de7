import { type DomainError, idOf } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { badgeOf } from '../src/domain/buyers/badge';
import { Buyer, memberNumberOf } from '../src/domain/buyers/buyer';
import { NOW } from './orders';

const id = idOf('buy', '00000000-0000-7000-8000-000000000001');
const profile = { memberNumber: 1n, nickname: '小明', level: 0 };
const register = (changes: object = {}) => Buyer.register(id, { ...profile, ...changes }, NOW);
const refusedWith = (code: string, members: object = {}) =>
  expect.objectContaining({ code, members: expect.objectContaining(members) });

describe('the badge', () => {
  it('level >= 3 and points > 5000: gold (rule A1)', () => {
    expect(badgeOf(3, 5001n)).toEqual({ name: 'gold', rule: 'A1' });
    expect(badgeOf(9, 1_000_000n)).toEqual({ name: 'gold', rule: 'A1' });
  });

  it('exactly one of the two: silver (rule A2)', () => {
    expect(badgeOf(7, 0n)).toEqual({ name: 'silver', rule: 'A2' });
    expect(badgeOf(0, 5001n)).toEqual({ name: 'silver', rule: 'A2' });
  });

  it('level 2 with 6000 points is silver (rule A2)', () => {
    expect(badgeOf(2, 6000n)).toEqual({ name: 'silver', rule: 'A2' });
  });

  it('level 3 with 5000 points is silver too (rule A2)', () => {
    expect(badgeOf(3, 5000n)).toEqual({ name: 'silver', rule: 'A2' });
  });

  it('neither: bronze', () => {
    expect(badgeOf(2, 5000n)).toEqual({ name: 'bronze', rule: null });
    expect(badgeOf(0, -20n)).toEqual({ name: 'bronze', rule: null });
  });
});

describe('a buyer', () => {
  it('has a nickname of at most 32 bytes of UTF-8, refused with a clear error and never truncated', () => {
    expect(register({ nickname: 'a'.repeat(32) }).state.nickname).toHaveLength(32);
    expect(register({ nickname: '明'.repeat(10) }).state.nickname).toBe('明'.repeat(10));
    expect(() => register({ nickname: '明'.repeat(11) })).toThrow(
      refusedWith('nickname-too-long', {
        bytes: 33,
        most: 32,
        errors: [expect.objectContaining({ pointer: '/nickname' })],
      }),
    );
    expect(() => register({ nickname: '🐉'.repeat(9) })).toThrow(refusedWith('nickname-too-long', { bytes: 36 }));
    expect(() => register().update({ ...profile, nickname: 'a'.repeat(33) })).toThrow(refusedWith('nickname-too-long'));
  });

  it('keeps any nickname as it was given, or refuses it', () => {
    const kept = (nickname: string) => {
      try {
        return register({ nickname }).state.nickname;
      } catch (error) {
        return (error as DomainError).code;
      }
    };
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (nickname) => {
        const fits = Buffer.byteLength(nickname) <= 32;
        const isText = nickname.trim() !== '' && !/\p{Cc}/u.test(nickname);
        expect(kept(nickname)).toBe(!fits ? 'nickname-too-long' : isText ? nickname : 'malformed-nickname');
      }),
    );
  });

  it.each(['', '   ', 'a\u0000b', '\u001b[31m', '\ud800', 'x\udc00'])('has no nickname like %j', (nickname) => {
    expect(() => register({ nickname })).toThrow(refusedWith('malformed-nickname'));
  });

  it('has a member number of signed 64 bits, carried in JSON as a string', () => {
    for (const text of ['0', '1', '-1', '9223372036854775807', '-9223372036854775808', '9007199254740993']) {
      expect(String(memberNumberOf(text))).toBe(text);
    }
    for (const text of ['9223372036854775808', '-9223372036854775809', '99999999999999999999', '1e3', '1.0']) {
      expect(() => memberNumberOf(text)).toThrow(refusedWith('malformed-member-number'));
    }
    for (const text of ['', ' 1', '+1', '01', '-0', '0x1', '１', '1n']) {
      expect(() => memberNumberOf(text)).toThrow(refusedWith('malformed-member-number'));
    }
  });

  it('has a level from 0 to 100', () => {
    expect(register({ level: 100 }).state.level).toBe(100);
    for (const level of [-1, 101, 1.5]) expect(() => register({ level })).toThrow(refusedWith('level-out-of-range'));
  });

  it('has a last login whose offset is kept', () => {
    const buyer = register();
    buyer.logIn('2026-01-31T08:30:00.123+08:00', NOW);
    expect(buyer.state.lastLogin).toBe('2026-01-31T08:30:00.123+08:00');
  });

  it('keeps the latest of logins that are reported in any order', () => {
    const buyer = register();
    buyer.logIn('2026-01-31T08:30:00+08:00', NOW);
    buyer.logIn('2026-01-31T02:00:00+02:00', NOW);
    expect(buyer.state.lastLogin).toBe('2026-01-31T08:30:00+08:00');
    buyer.logIn('2026-01-31T00:31:00Z', NOW);
    expect(buyer.state.lastLogin).toBe('2026-01-31T00:31:00Z');
  });

  it('has no login ahead of our clock', () => {
    expect(() => register().logIn('2026-01-31T08:35:01Z', NOW)).toThrow(refusedWith('login-in-future'));
    expect(register().state.lastLogin).toBeNull();
  });
});
