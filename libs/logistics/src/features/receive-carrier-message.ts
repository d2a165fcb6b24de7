import { Injectable } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { Clock, Ids, lanesInTurn } from '@tradewind/shared-kernel';
import { runInContext } from '@tradewind/shared-kernel/observability';
import { GroupCommit, type Member, type Outcome, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { CarrierMessage, type ReceivedMessage } from '../domain/carrier-message';
import type { Carrier, CarrierBytes } from './carrier';
import { CarrierMessages } from './carrier-messages';

/**
 * Stores a message that its carrier can read, so that it may be acknowledged; it is applied afterwards. Messages that
 * arrive together share one commit and one lane.
 */
@Injectable()
export class ReceiveCarrierMessage {
  readonly #commits = new GroupCommit<CarrierMessage, void>((members) => this.#store(members));
  readonly #nextLane = lanesInTurn();
  #lane = this.#nextLane();

  constructor(
    private readonly messages: CarrierMessages,
    private readonly unitOfWork: UnitOfWork,
    private readonly eventBus: EventBus,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async receive(carrier: Carrier, source: ReceivedMessage['source'], bytes: CarrierBytes): Promise<void> {
    const message = CarrierMessage.of({
      id: this.ids.next('cmg', this.#lane),
      carrier: carrier.name,
      source,
      receivedAt: this.clock.now(),
      contentType: bytes.contentType,
      raw: bytes.body,
    });
    await this.#commits.submit(message);
  }

  /** A batch that is run again finds what it had stored. */
  async #store(members: Member<CarrierMessage>[]): Promise<Outcome<void>[]> {
    this.#lane = this.#nextLane();
    const contextOf = new Map(members.map(({ command, context }) => [command, context]));
    await this.unitOfWork.run(async () => {
      for (const message of await this.messages.add([...contextOf.keys()])) {
        const context = contextOf.get(message) as Member<CarrierMessage>['context'];
        runInContext(context, () => void this.eventBus.publishAll([message.received]));
      }
    });
    return members.map(() => ({ ok: true, answer: undefined }));
  }
}
