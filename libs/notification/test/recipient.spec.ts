import { maskEmail, recipientOf } from '../src/domain/recipient';

describe('the recipient', () => {
  it('is the contact of the order', () => {
    expect(recipientOf({ name: 'Zhang San', email: 'zhang@example.com' })).toEqual({
      kind: 'recipient',
      recipient: { name: 'Zhang San', email: 'zhang@example.com' },
    });
  });

  it.each([null, { name: 'Zhang San', email: null }, { name: 'Zhang San', email: '' }])(
    'is nobody for %p',
    (contact) => {
      expect(recipientOf(contact)).toEqual({ kind: 'nobody', reason: 'no-recipient' });
    },
  );

  it.each([
    'zhang',
    'a@b.com, c@d.com',
    'a@b.com\r\nBcc: c@d.com',
    '<a@b.com>',
    'a@b@c.com',
    '@b.com',
    '"x y"@b.com',
    `${'a'.repeat(65)}@b.com`,
  ])('is nobody when the address is %j', (email) => {
    expect(recipientOf({ name: 'Z', email })).toEqual({ kind: 'nobody', reason: 'invalid-recipient' });
  });
});

describe('a masked address', () => {
  it.each([
    ['zhang@example.com', 'z***@example.com'],
    ['z@example.com', '***@example.com'],
    ['张三@example.com', '张***@example.com'],
    ['😀😀@example.com', '😀***@example.com'],
  ])('%s is shown as %s', (email, masked) => {
    expect(maskEmail(email)).toBe(masked);
  });
});
