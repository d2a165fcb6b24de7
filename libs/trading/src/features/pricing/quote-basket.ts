import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type QuotedRequest, Quotes } from '../../domain/pricing/quote';
import { TradingSettings } from '../trading-settings';
import { PriceBooks } from './price-books';
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
    private readonly priceBooks: PriceBooks,
    private readonly quotes: Quotes,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
  ) {}

  execute({ request }: QuoteBasket): Promise<QuoteView> {
    return this.unitOfWork.run(async () => {
      const { shelf, book } = await this.priceBooks.open([request], 'read');
      const expiresAt = new Date(this.clock.now().getTime() + this.settings.quoteMs);
      const quote = quoteOf(request, book.priceOf(request), expiresAt);
      this.unitOfWork.beforeCommit(() => this.quotes.add([quote]));
      return quoteView(quote, shelf);
    });
  }
}
