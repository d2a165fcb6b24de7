import { Command, CommandHandler, EventBus, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id, Ids, lanesInTurn } from '@tradewind/shared-kernel';
import {
  type Answer,
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
  KeyStoredMeanwhile,
  reused,
  throwIfOver,
} from '@tradewind/shared-kernel/http';
import { type RequestContext, runInContext } from '@tradewind/shared-kernel/observability';
import {
  type Deadline,
  GroupCommit,
  type Member,
  type Outcome,
  UnitOfWork,
} from '@tradewind/shared-kernel/persistence';
import type { ShippingAddress } from '../../contract';
import { type CheckoutRequest, placeOrder, shortSkus } from '../../domain/checkout/checkout';
import { CheckoutStore, type PlacedOrder } from '../../domain/checkout/checkout-store';
import { chargeOf } from '../../domain/checkout/price-book';
import type { Order } from '../../domain/orders/order';
import { type Quote, Quotes } from '../../domain/pricing/quote';
import { PaymentGateways } from '../../domain/payments/payment-gateway';
import { Orders } from '../../domain/orders/orders';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { Coupons } from '../../domain/promotions/coupons';
import { refusal } from '../../domain/refusals';
import { startStep } from '../metrics';
import { BuyerActions } from '../payments/buyer-actions';
import { orderView } from '../orders/order-view';
import { PriceBooks } from '../pricing/price-books';
import { quoteOf, quoteView } from '../pricing/quoting';
import { ScreenCheckouts } from '../risk/screen-checkouts';
import type { Screening } from '../risk/screened-batch';
import { ExpiredHolds } from '../stock/expired-holds';
import { TradingSettings } from '../trading-settings';
import { Tills } from './tills';

export class CheckOut extends Command<IdempotentAnswer> {
  constructor(
    readonly request: CheckoutRequest,
    readonly delivery: { shippingAddress: ShippingAddress; email: string | null; locale: string },
    readonly idempotency: IdempotentRequest,
    readonly deadline?: Deadline,
    /** Where the request came from; goes no further than its hash. */
    readonly ip: string | null = null,
  ) {
    super();
  }

  /** Risk policies want to see it; absent when there are none. */
  screening?: Screening;
}

/** Share of the time budget that is spent waiting for a gateway that is told first. */
const PATIENCE = 0.7;
/** What the orders of a batch did together, none of them did alone. */
const TOGETHER: RequestContext = { requestId: null, actor: 'system', causationId: null };

/** Holds the stock and creates order and pending payment in one transaction, shared with what arrives together. */
@CommandHandler(CheckOut)
export class CheckOutHandler implements ICommandHandler<CheckOut> {
  // Two batches: one is with PostgreSQL while the other is decided. A third would only make them smaller.
  readonly #group = new GroupCommit<CheckOut, IdempotentAnswer>((members) => this.#commit(members), {
    maxBatch: 256,
    concurrency: 2,
  });
  /** All orders of a batch share one lane, so that the batch locks one; nobody waits for these events to gather. */
  readonly #nextLane = lanesInTurn(1);

  constructor(
    private readonly store: CheckoutStore,
    private readonly priceBooks: PriceBooks,
    private readonly quotes: Quotes,
    private readonly coupons: Coupons,
    private readonly gateways: PaymentGateways,
    private readonly risk: ScreenCheckouts,
    private readonly operations: PaymentOperations,
    private readonly orders: Orders,
    private readonly actions: BuyerActions,
    private readonly keys: IdempotencyKeys,
    private readonly unitOfWork: UnitOfWork,
    private readonly eventBus: EventBus,
    private readonly ids: Ids,
    private readonly clock: Clock,
    private readonly holds: ExpiredHolds,
    private readonly settings: TradingSettings,
  ) {}

  async execute(command: CheckOut): Promise<IdempotentAnswer> {
    const { paymentMethod, capture } = command.request;
    const gateway = this.gateways.named(paymentMethod);
    if (!gateway) throw refusal('unknown-payment-method', `not offered: ${paymentMethod}`);
    if (capture === 'manual' && !gateway.capturesLater) {
      throw refusal('manual-capture-not-offered', `${paymentMethod} captures at once`);
    }
    const until = performance.now() + this.settings.timeBudgetMs * PATIENCE;
    const done = startStep();
    try {
      const answer = await this.keys.alone(command.idempotency, () =>
        this.risk.isAsked ? this.#screen(command) : this.#submit(command),
      );
      done({ status: 'created', region: command.request.region });
      return gateway.isToldFirst ? await this.#withAction(answer, until) : answer;
    } catch (error) {
      done({ status: 'refused', region: command.request.region });
      throw error;
    }
  }

  async #screen(command: CheckOut): Promise<IdempotentAnswer> {
    command.screening = await this.risk.begin({ ...command.request, ...command.delivery, ip: command.ip });
    return this.#submit(command);
  }

  /** Who comes up short is decided again, once, when expired holds gave units back. */
  async #submit(command: CheckOut): Promise<IdempotentAnswer> {
    try {
      return await this.#group.submit(command, command.deadline);
    } catch (error) {
      const short = shortSkus(error);
      if (!short || !(await this.holds.reclaim(short))) throw error;
      return this.#group.submit(command, command.deadline);
    }
  }

  /** What the buyer needs is made by the gateway after the commit. It is added to the answer, and never kept with it. */
  async #withAction(answer: IdempotentAnswer, until: number): Promise<IdempotentAnswer> {
    const body = JSON.parse(answer.json) as { order: { id: Id<'ord'> }; payment: object };
    const order = await this.orders.find(body.order.id);
    if (!order.payment.isOpen) return answer;
    const action = await this.actions.of(order, until);
    return { ...answer, json: JSON.stringify({ ...body, payment: { ...body.payment, ...action } }) };
  }

  async #commit(members: Member<CheckOut>[]): Promise<Outcome<IdempotentAnswer>[]> {
    try {
      return await this.#decideAll(members);
    } catch (error) {
      if (error instanceof KeyStoredMeanwhile) return this.#decideAll(members);
      throw error;
    }
  }

  #decideAll(members: Member<CheckOut>[]): Promise<Outcome<IdempotentAnswer>[]> {
    return this.unitOfWork.runWithin(this.settings.timeBudgetMs, async () => {
      const requests = members.map(({ command }) => command.request);
      const [stored, { shelf, book, coupons }, quotes] = await Promise.all([
        this.keys.lookUp(members.map(({ command }) => command.idempotency)),
        this.priceBooks.open(requests, 'locked'),
        this.quotes.find(requests.flatMap(({ quoteHash }) => quoteHash ?? [])),
      ]);
      const tills = await Tills.open(this.gateways, requests);

      const now = this.clock.now();
      const screenings = members.flatMap(({ command }) => command.screening ?? []);
      const risk = screenings.length > 0 ? await this.risk.open(screenings, now) : undefined;
      const lane = this.#nextLane();
      const given: Quote[] = [];
      const placed: (PlacedOrder & { member: Member<CheckOut>; answer: Answer })[] = [];
      const outcomes = members.map((member, index): Outcome<IdempotentAnswer> => {
        const earlier = stored[index];
        if (earlier === 'reused') return { ok: false, error: reused() };
        if (earlier) return { ok: true, answer: earlier };
        try {
          throwIfOver(member.command.deadline); // the locks were long in coming
          const ids = { orderId: this.ids.next('ord', lane), paymentId: this.ids.next('pay') };
          const { request, screening } = member.command;
          const charge = chargeOf(request, quotes, book, now);
          if (charge.kind === 'changed') {
            const quote = quoteOf(request, charge.priced, new Date(now.getTime() + this.settings.quoteMs));
            given.push(quote);
            throw refusal('price-changed', charge.why, { quote: quoteView(quote, shelf) });
          }
          const reviewUntil = screening && risk?.judge(screening, ids.orderId, charge.priced.amounts.total);
          const order = placeOrder(request, charge.priced, shelf, ids, now, this.settings.holdMs);
          if (reviewUntil) order.openReview(reviewUntil);
          try {
            tills.pay(order, now);
          } catch (error) {
            shelf.putBack(order.state.lines);
            throw error;
          }
          book.use(charge.priced, order.state);
          if (screening) risk?.place(order.id);
          const answer = answered(201, this.#answer(order));
          const { shippingAddress, email, locale } = member.command.delivery;
          const authorization = this.#authorization(order);
          placed.push({ order, shippingAddress, email, locale, authorization, member, answer });
          return { ok: true, answer: { status: answer.status, json: answer.json, replayed: false } };
        } catch (error) {
          return { ok: false, error };
        }
      });
      if (given.length > 0) this.unitOfWork.beforeCommit(() => this.quotes.add(given));
      const crossed = placed.length > 0 ? shelf.crossed() : [];
      if (placed.length > 0) {
        const kept = placed.map(({ member, answer }) => ({ request: member.command.idempotency, answer }));
        this.unitOfWork.beforeCommit(() => this.store.write(placed, shelf.taken, crossed));
        if (coupons.uses.length > 0) this.unitOfWork.beforeCommit(() => this.coupons.redeem(coupons.uses, now));
        if (tills.areUsed) this.unitOfWork.beforeCommit(() => tills.write());
        if (placed.some(({ authorization }) => authorization.state === 'requested')) this.operations.announce();
        this.unitOfWork.beforeCommit(() => this.keys.store(kept));
      }
      // Before the events, whose lane is locked last.
      risk?.close();
      for (const { order, member } of placed) {
        runInContext(member.context, () => this.eventBus.publishAll(order.takeEvents()));
      }
      for (const level of crossed) runInContext(TOGETHER, () => this.eventBus.publishAll(level.takeEvents()));
      return outcomes;
    });
  }

  #answer(order: Order) {
    const { id, gateway, amount } = order.payment.state;
    const redirectUrl = this.gateways.named(gateway)?.redirectUrl(order.charge);
    return {
      order: orderView(order),
      payment: { id, status: order.paymentStatus, amount: amount.toJSON(), redirectUrl },
    };
  }

  /** Behind a redirect the buyer decides and the gateway is asked; other gateways are told first. */
  #authorization(order: Order): PlacedOrder['authorization'] {
    if (!order.payment.isOpen) return { state: 'succeeded', dueInMs: null };
    return this.gateways.named(order.payment.state.gateway)?.isToldFirst
      ? { state: 'requested', dueInMs: 0 }
      : { state: 'pending', dueInMs: this.settings.askPaymentAfterMs };
  }
}
