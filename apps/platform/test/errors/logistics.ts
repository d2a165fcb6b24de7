import type { Provocations } from './provocation';

export const LOGISTICS: Provocations = {
  'unknown-carrier': ({ world }) => ({ request: () => world.call('POST', '/v1/carriers/PONY/callbacks', {}) }),
  'unknown-waybill': ({ world }) => ({ request: () => world.call('GET', '/v1/waybills/SF0000000000000') }),
  'carrier-signature-invalid': ({ world }) => ({
    request: () => world.call('POST', '/v1/carriers/SF/callbacks/guessed', {}),
  }),
  'carrier-message-malformed': ({ world }) => ({ request: () => world.call('POST', '/v1/carriers/SF/callbacks', {}) }),
};
