import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { priceOf, Shelf } from '../../domain/checkout/checkout';
import { CheckoutStore } from '../../domain/checkout/checkout-store';
import { PriceLists } from '../../domain/pricing/price-list';
import { type QuotedRequest, Quotes } from '../../domain/pricing/quote';
import { TradingSettings } from '../trading-settings';
import { quoteOf, type QuoteView, quoteView } from './quoting';

export class QuoteBasket extends Command<QuoteView> {
  constructor(readonly request: QuotedRequest) {
    super();
  }
}

/** Prices a basket as a checkout would at this moment, and keeps the price for one. Holds no stock and uses no coupon up. */
@CommandHandler(QuoteBasket)
export class QuoteBasketHandler implements ICommandHandler<QuoteBasket> {
  constructor(
    private readonly store: CheckoutStore,
    private readonly priceLists: PriceLists,
    private readonly quotes: Quotes,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
  ) {}

  execute({ request }: QuoteBasket): Promise<QuoteView> {
    return this.unitOfWork.run(async () => {
      const skus = new Set(request.lines.map(({ sku }) => sku));
      const [items, prices] = await Promise.all([this.store.readShelf([...skus]), this.priceLists.current()]);
      const shelf = new Shelf(items);
      const expiresAt = new Date(this.clock.now().getTime() + this.settings.quoteMs);
      const quote = quoteOf(request, priceOf(request, shelf, prices), expiresAt);
      this.unitOfWork.beforeCommit(() => this.quotes.add([quote]));
      return quoteView(quote, shelf);
    });
  }
}
