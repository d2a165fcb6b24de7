import { jsonOf } from '@tradewind/shared-kernel/effects';
import type { CarrierScan } from '../../../domain/scan';
import { type LookupOrder, type StatusMapping, translate, type Translated } from '../../../domain/status-mapping';
import type { CarrierBytes, ReadMessage, SignedBytes } from '../../../features/carrier';
import { HttpCarrier } from '../http-carrier';
import { codeOf, isFields, readAll, textOf, timeOf, utf8Of, withFingerprint } from '../reading';
import { sameSecret } from '../secrets';

/** SF sends up to four codes with a scan; a row that looks at more of them goes before one that looks at fewer. */
const LOOKUP: LookupOrder = [
  ['opCode+firstStatusCode+secondaryStatusCode+remark', 'opCode'],
  ['opCode+reasonCode', 'opCode'],
  ['opCode+remark', 'opCode'],
  ['opCode', 'opCode'],
  ['secondaryStatusCode', 'secondaryStatusCode'],
  ['firstStatusCode', 'firstStatusCode'],
];

const CODES = ['opCode', 'secondaryStatusCode', 'firstStatusCode', 'reasonCode'] as const;

export interface SfSettings {
  baseUrl: string;
  callbackSecret: string;
  allowUnsigned: boolean;
}

/** SF Express: route pushes (RoutePushService) and route queries, both as JSON `{"Body":{"WaybillRoute":[…]}}`. */
export class SfCarrier extends HttpCarrier {
  readonly name = 'SF';
  readonly acknowledgement = { return_code: '0000', return_msg: '成功' };
  protected readonly baseUrl: string;

  constructor(private readonly settings: SfSettings) {
    super();
    this.baseUrl = settings.baseUrl;
  }

  /** SF signs nothing: the address that it was given is the secret. */
  verify({ pathSecret }: SignedBytes): 'genuine' | 'forged' {
    const known =
      pathSecret === null ? this.settings.allowUnsigned : sameSecret(pathSecret, this.settings.callbackSecret);
    return known ? 'genuine' : 'forged';
  }

  read({ body }: CarrierBytes): ReadMessage {
    const message = jsonOf(utf8Of(body) ?? '');
    const routes = isFields(message) && isFields(message.Body) ? message.Body.WaybillRoute : undefined;
    return readAll(routes, scanOf);
  }

  translate(scan: CarrierScan, mapping: StatusMapping): Translated {
    return translate(scan, mapping, LOOKUP);
  }
}

function scanOf(route: unknown): CarrierScan | undefined {
  if (!isFields(route)) return undefined;
  const number = codeOf(route.mailno);
  const time = timeOf(route.acceptTime);
  const codes = CODES.flatMap((kind) => {
    const code = codeOf(route[kind]);
    return code === undefined ? [] : [[kind, code] as const];
  });
  const [primary] = codes;
  if (number === undefined || !time || !primary) return undefined;
  const [namespace, code] = primary;
  const text = textOf(route.remark);
  const location = textOf(route.acceptAddress);
  return withFingerprint({ number, ...time, namespace, code, codes: Object.fromEntries(codes), text, location });
}
