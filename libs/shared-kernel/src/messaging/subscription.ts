import { Injectable, SetMetadata } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { EventsHandler } from '@nestjs/cqrs';
import { ContractEvent, type ContractEventClass, type Delivered } from '../core/contract-event';

const SUBSCRIPTION = 'tradewind:subscription';
// The metadata key of @nestjs/cqrs is not exported: it is read off a handler that the decorator has marked.
const EVENTS = eventsMetadataKey();

export interface SubscriptionOptions {
  /** What a new subscription sees first: all events ever, or those from its first start on. Default `beginning`. */
  startFrom?: 'beginning' | 'now';
}

/**
 * Names an `@EventsHandler` class as a durable subscription: `@Subscription('logistics.book-shipment-when-order-paid')`.
 * The name keys its cursors, so it never changes once released.
 */
export const Subscription = (name: string, options: SubscriptionOptions = {}) =>
  SetMetadata(SUBSCRIPTION, { name, startFrom: options.startFrom ?? 'beginning' });

/** A handler takes events one by one, or as many as have gathered. Both run in the transaction that moves the cursor. */
export type DurableHandler<Event extends ContractEvent = ContractEvent> =
  { handle(event: Delivered<Event>): Promise<void> } | { handleBatch(events: Delivered<Event>[]): Promise<void> };

export interface DurableSubscription {
  name: string;
  startFrom: 'beginning' | 'now';
  events: ReadonlyMap<string, ContractEventClass>;
  handler: DurableHandler;
}

/** Every subscription of this process, found by its decorators. */
@Injectable()
export class Subscriptions {
  #all: DurableSubscription[] | undefined;

  constructor(private readonly discovery: DiscoveryService) {}

  /** Throws, and so fails the boot, on a missing or duplicate name and on an event without a contract name. */
  all(): readonly DurableSubscription[] {
    this.#all ??= this.#discover();
    return this.#all;
  }

  #discover(): DurableSubscription[] {
    const byName = new Map<string, DurableSubscription>();
    const classOf = new Map<string, ContractEventClass>();
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function' || !instance) continue;
      const events: unknown[] | undefined = Reflect.getMetadata(EVENTS, metatype);
      if (!events) continue;
      const named: { name: string; startFrom: 'beginning' | 'now' } | undefined = Reflect.getMetadata(
        SUBSCRIPTION,
        metatype,
      );
      if (!named) throw new Error(`${metatype.name} handles events but has no @Subscription name`);
      if (byName.has(named.name)) throw new Error(`two handlers are named @Subscription('${named.name}')`);
      for (const event of events) {
        if (!isContractEvent(event)) {
          throw new Error(
            `${metatype.name} handles ${String((event as { name?: string })?.name)}, which has no contract name`,
          );
        }
        const known = classOf.get(event.type);
        if (known && known !== event) throw new Error(`two event classes are named ${event.type}`);
        classOf.set(event.type, event);
      }
      byName.set(named.name, {
        ...named,
        events: new Map((events as ContractEventClass[]).map((event) => [event.type, event])),
        handler: instance as DurableHandler,
      });
    }
    return [...byName.values()];
  }
}

function isContractEvent(event: unknown): event is ContractEventClass {
  return (
    typeof event === 'function' &&
    event.prototype instanceof ContractEvent &&
    /^[a-z-]+\.[a-z0-9-]+\.v\d+$/.test((event as unknown as ContractEventClass).type ?? '')
  );
}

function eventsMetadataKey(): string {
  class Probe {
    handle(): void {}
  }
  class Marker {}
  EventsHandler(Marker)(Probe);
  const key = Reflect.getMetadataKeys(Probe).find((candidate) => {
    const value: unknown = Reflect.getMetadata(candidate, Probe);
    return Array.isArray(value) && value.includes(Marker);
  });
  if (key === undefined) throw new Error('@nestjs/cqrs marks event handlers in a way this version does not know');
  return key;
}
