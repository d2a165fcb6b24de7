import { createHmac } from 'node:crypto';
import { networkOf } from '@tradewind/shared-kernel/http';
import type { ShippingAddress } from '../../contract';
import type { Subject, SubjectKind } from '../../domain/risk/risk-policy';

/** What a checkout is recognised by. Personal data: it goes no further than the hash. */
export interface Recognised {
  buyerId: string | null;
  ip: string | null;
  email: string | null;
  shippingAddress: ShippingAddress;
  skus: readonly string[];
}

export function subjectsOf({ buyerId, ip, email, shippingAddress, skus }: Recognised, salt: Uint8Array): Subject[] {
  const { country, province, city, district, line1, postcode } = shippingAddress;
  const address = [country, province, city, district ?? '', line1, postcode ?? ''].join(' ');
  const given: [SubjectKind, string | null][] = [
    ['buyer', buyerId],
    ['address', address],
    ['ip', ip],
    ['email', email],
  ];
  const subjects = given.flatMap(([kind, value]) => (value === null ? [] : [subjectOf(kind, value, salt)]));
  return [...subjects, ...skus.map((sku) => subjectOf('sku', sku, salt))];
}

/** The form in which one subject is compared and stored: personal ones as HMAC-SHA256 of what they say, however spelled. */
export function subjectOf(kind: SubjectKind, value: string, salt: Uint8Array): Subject {
  if (kind === 'buyer' || kind === 'sku') return `${kind}:${value}`;
  const hash = createHmac('sha256', salt)
    .update(`${kind}:${NORMAL[kind](value)}`)
    .digest('base64url');
  return `${kind}:${hash.slice(0, 27)}`;
}

const NORMAL: Record<'address' | 'ip' | 'email', (value: string) => string> = {
  address: (value) =>
    value
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]/gu, ''),
  email: (value) => value.normalize('NFKC').trim().toLowerCase(),
  ip: networkOf,
};
