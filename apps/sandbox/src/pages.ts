import type { Payment, Waybill } from './books';
import { KINDS, type Fault } from './faults';
import { html, page, type Html } from './html';
import type { PaymentTerms } from './signing';

export interface PaymentLink {
  payment: Payment;
  href: string;
}

export interface Overview {
  payments: PaymentLink[];
  waybills: { waybill: Waybill; scans: number }[];
  faults: Fault[];
  /** Callbacks that the platform has not acknowledged. */
  owed: number;
}

export function paymentPage(terms: PaymentTerms): string {
  return page(
    'Payment',
    html`<main class="card">
      <p class="brand">Sandbox Pay</p>
      <p class="amount">${money(terms.amount, terms.currency)}</p>
      <dl>
        <dt>Order</dt>
        <dd>${terms.orderId}</dd>
        <dt>Payment</dt>
        <dd>${terms.paymentId}</dd>
      </dl>
      <form method="post">
        <button class="pay" name="outcome" value="paid">Pay</button>
        <button name="outcome" value="declined">Decline</button>
      </form>
      <p class="note">No money moves here: this page stands in for a payment gateway.</p>
    </main>`,
  );
}

export function resultPage(payment: Payment, platformUrl: string): string {
  const paid = payment.status !== 'declined';
  const back = `${platformUrl}/v1/payments/return/sandbox?reference=${encodeURIComponent(payment.reference)}`;
  return page(
    paid ? 'Paid' : 'Declined',
    html`<main class="card">
      <p class="brand">Sandbox Pay</p>
      <h1 class="${paid ? 'paid' : 'declined'}">${paid ? 'Payment received' : 'Payment declined'}</h1>
      <p class="amount">${money(payment.amount, payment.currency)}</p>
      <dl>
        <dt>Order</dt>
        <dd>${payment.orderId}</dd>
        <dt>Receipt</dt>
        <dd>${payment.gatewayReference}</dd>
      </dl>
      <a class="button" href="${back}">Back to the shop</a>
    </main>`,
  );
}

export function forbiddenPage(): string {
  return messagePage(
    'This link is not valid',
    'Its signature does not fit its contents. Go back to the shop and pay again.',
  );
}

export function messagePage(title: string, text: string): string {
  return page(
    title,
    html`<main class="card">
      <p class="brand">Sandbox Pay</p>
      <h1>${title}</h1>
      <p>${text}</p>
    </main>`,
  );
}

export function homePage({ payments, waybills, faults, owed }: Overview): string {
  const paymentRows = payments.map(
    ({ payment, href }) =>
      html`<tr>
        <td><a href="${href}">${payment.reference}</a></td>
        <td>${payment.orderId}</td>
        <td class="number">${money(payment.amount, payment.currency)}</td>
        <td>${payment.status}</td>
      </tr>`,
  );
  const waybillRows = waybills.map(
    ({ waybill, scans }) =>
      html`<tr>
        <td><a href="/carriers/${waybill.carrier}/waybills/${waybill.number}/routes">${waybill.number}</a></td>
        <td>${waybill.orderId}</td>
        <td class="number">${scans} scans</td>
        <td>${waybill.status}</td>
      </tr>`,
  );
  const kinds = Object.entries(KINDS).map(([target, names]) => html`<li><b>${target}</b>: ${names.join(', ')}</li>`);
  return page(
    'Sandbox',
    html`<main class="wide">
      <h1>Sandbox</h1>
      <p>The outside world over real HTTP, with its faults: a payment gateway and the carriers SF and ZTO.</p>
      <p>Callbacks that the platform has not acknowledged: <b>${owed}</b></p>
      <h2>Latest payments</h2>
      ${table(paymentRows)}
      <h2>Latest waybills</h2>
      ${table(waybillRows)}
      <h2>Faults in wait</h2>
      ${faults.length === 0 ? html`<p class="note">None.</p>` : html`<pre>${faultLines(faults)}</pre>`}
      <p class="note">
        Ask for faults with <code>PUT /faults</code>
        <code>[{"target":"gateway.callback","kind":"lose","times":1}]</code>. There are:
      </p>
      <ul class="note">
        ${kinds}
      </ul>
    </main>`,
  );
}

/** Minor units as text, with the decimals that the currency has. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

function table(rows: Html[]): Html {
  if (rows.length === 0) return html`<p class="note">None yet.</p>`;
  return html`<div class="scroll">
    <table>
      ${rows}
    </table>
  </div>`;
}

function faultLines(faults: Fault[]): string {
  return faults.map((fault) => JSON.stringify(fault)).join('\n');
}
