import { createHash } from 'node:crypto';
import { jsonOf } from '@tradewind/shared-kernel/effects';
import type { CarrierScan } from '../../../domain/scan';
import { type LookupOrder, type StatusMapping, translate, type Translated } from '../../../domain/status-mapping';
import type { CarrierBytes, ReadMessage, SignedBytes } from '../../../features/carrier';
import { HttpCarrier } from '../http-carrier';
import { codeOf, isFields, readAll, textOf, timeOf, utf8Of, withFingerprint } from '../reading';
import { sameSecret } from '../secrets';

const LOOKUP: LookupOrder = [['scanType', 'scanType']];

export interface ZtoSettings {
  baseUrl: string;
  callbackKey: string;
  allowUnsigned: boolean;
}

/** ZTO Express: traces as a form whose `data` is JSON (pushes), or as JSON (queries and newer pushes). */
export class ZtoCarrier extends HttpCarrier {
  readonly name = 'ZTO';
  readonly acknowledgement = { message: 'success', result: 'success', status: true, statusCode: '0' };
  protected readonly baseUrl: string;

  constructor(private readonly settings: ZtoSettings) {
    super();
    this.baseUrl = settings.baseUrl;
  }

  /** The digest covers a form's `data`, or the whole body of a JSON message. */
  verify(message: SignedBytes): 'genuine' | 'forged' | 'malformed' {
    const form = formOf(message);
    if (form) {
      const data = form.get('data');
      if (data === null) return 'malformed';
      return this.#matches(form.get('data_digest') ?? '', data);
    }
    const digest = message.headers['x-datadigest'];
    if (typeof digest === 'string') return this.#matches(digest, message.body);
    return this.settings.allowUnsigned ? 'genuine' : 'forged';
  }

  read(message: CarrierBytes): ReadMessage {
    const form = formOf(message);
    const content = jsonOf((form ? form.get('data') : utf8Of(message.body)) ?? '');
    const traces = !form && isFields(content) && 'data' in content ? content.data : content;
    return readAll(isFields(traces) ? [traces] : traces, scanOf);
  }

  translate(scan: CarrierScan, mapping: StatusMapping): Translated {
    return translate(scan, mapping, LOOKUP);
  }

  #matches(digest: string, data: string | Buffer): 'genuine' | 'forged' {
    const expected = createHash('md5').update(data).update(this.settings.callbackKey).digest('base64');
    return sameSecret(digest, expected) ? 'genuine' : 'forged';
  }
}

function formOf({ body, contentType }: CarrierBytes): URLSearchParams | undefined {
  if (!contentType.toLowerCase().startsWith('application/x-www-form-urlencoded')) return undefined;
  return new URLSearchParams(body.toString('utf8'));
}

function scanOf(trace: unknown): CarrierScan | undefined {
  if (!isFields(trace)) return undefined;
  const number = codeOf(trace.billCode);
  const time = timeOf(trace.scanDate);
  const code = codeOf(trace.scanType);
  if (number === undefined || !time || code === undefined) return undefined;
  const text = textOf(trace.desc);
  const location = textOf(trace.scanSite);
  return withFingerprint({ number, ...time, namespace: 'scanType', code, codes: { scanType: code }, text, location });
}
