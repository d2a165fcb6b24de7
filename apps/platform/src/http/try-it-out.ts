/** What the page remembers of earlier answers: by prefix, the latest identifier; and the latest number of a waybill. */
interface Page {
  answered?: Record<string, string>;
}

/** The little that the page's own client tells of a request and of its answer. */
export interface TriedRequest {
  url: string;
  body?: unknown;
}
export interface TriedAnswer {
  status: number;
  text?: string;
}

/**
 * The page /docs lets the examples mean what was made on it: `ord_01kc1xv8q1fwer8xv1wbq0z4…` stands for the order that the
 * latest checkout answered. The functions are written into the page as text, so they use nothing from outside themselves.
 */
export const tryItOut = {
  requestInterceptor: (request: TriedRequest): TriedRequest => {
    const answered = ((globalThis as Page).answered ??= {});
    const meant = (text: string) =>
      text
        .replace(/([a-z]{3})_01kc1xv8q1fwer8xv1wbq0z4../g, (example, prefix: string) => answered[prefix] ?? example)
        .replaceAll('SF4406512873912', answered.number ?? 'SF4406512873912');
    request.url = meant(request.url);
    if (typeof request.body === 'string') request.body = meant(request.body);
    return request;
  },
  responseInterceptor: (answer: TriedAnswer): TriedAnswer => {
    const answered = ((globalThis as Page).answered ??= {});
    const made: Record<string, string> = {};
    const ids = answer.status === 201 ? (answer.text ?? '').matchAll(/"([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}"/g) : [];
    for (const [id, prefix = ''] of ids) made[prefix] ??= id.slice(1, -1); // the thing itself comes before what it contains
    const number = /"number":"(\w+)"/.exec(answer.text ?? '')?.[1];
    Object.assign(answered, made, number && { number });
    return answer;
  },
};
