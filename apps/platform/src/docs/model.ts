import { DiscoveryService, ModulesContainer, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import * as logistics from '@tradewind/logistics/contract';
import * as notification from '@tradewind/notification/contract';
import { ContractEvent, type ContractEventClass, ContractQuery } from '@tradewind/shared-kernel';
import { Subscriptions } from '@tradewind/shared-kernel/messaging';
import * as trading from '@tradewind/trading/contract';
import { describeApi } from '../create-app';
import { PlatformModule } from '../platform.module';
import { SETTINGS, type Settings } from '../start/settings';
import { type ContractShape, indexSource, readContracts } from './source';

const CONTRACTS: Record<string, object> = { trading, logistics, notification };

export interface SubscriptionEntry {
  name: string;
  context: string;
  /** Names of the events, as in `EventEntry.type`. */
  events: string[];
  about: string;
}

export interface EventEntry extends ContractShape {
  type: string;
  className: string;
  context: string;
  about: string;
  /** Files that raise it. */
  raisedIn: readonly string[];
  subscriptions: SubscriptionEntry[];
}

/** A question of one context to another. */
export interface QueryEntry {
  className: string;
  context: string;
  about: string;
  askedBy: string[];
}

export interface Model {
  contexts: string[];
  events: EventEntry[];
  queries: QueryEntry[];
  subscriptions: SubscriptionEntry[];
  openApi: object;
}

/** Everything the reference is made of, read from the modules, the contracts and their source; nothing is started. */
export async function readModel(): Promise<Model> {
  const { aboutClass, makersOf } = indexSource();
  const contexts = Object.keys(CONTRACTS);
  const { classNames, shapeOf } = readContracts(contexts.map((context) => `libs/${context}/src/contract.ts`));
  const app = await previewApp();
  const subscriptions = new Subscriptions(new DiscoveryService(app.get(ModulesContainer)))
    .all()
    .map((subscription) => ({
      name: subscription.name,
      context: contextOf(subscription.name),
      events: [...subscription.events.keys()],
      about: aboutClass.get(subscription.handler.constructor.name) ?? '',
    }));

  const exported = contexts
    .flatMap((context) => exportsOf(context).map((value) => ({ context, value })))
    .toSorted((a, b) => classNames.indexOf(a.value.name) - classNames.indexOf(b.value.name));
  const events = exported
    .filter(({ value }) => isEvent(value))
    .map(({ context, value }) => {
      const { name: className, type } = value as unknown as ContractEventClass;
      if (contextOf(type) !== context) throw new Error(`${type} stands in the contract of ${context}`);
      return {
        ...shapeOf(className),
        type,
        className,
        context,
        about: aboutClass.get(className) ?? '',
        raisedIn: makersOf.get(className) ?? [],
        subscriptions: subscriptions.filter((subscription) => subscription.events.includes(type)),
      };
    });
  const queries = exported
    .filter(({ value }) => value.prototype instanceof ContractQuery)
    .map(({ context, value: { name: className } }) => ({
      className,
      context,
      about: aboutClass.get(className) ?? '',
      askedBy: [...new Set((makersOf.get(className) ?? []).map((file) => file.split('/')[1] as string))],
    }));
  return { contexts, events, queries, subscriptions, openApi: await openApiOf(app) };
}

/** The platform's modules wired up and never instantiated: no database, no port, no worker. */
function previewApp(): Promise<NestFastifyApplication> {
  const settings = Object.fromEntries(Object.entries(SETTINGS).map(([key, { fallback }]) => [key, fallback]));
  return NestFactory.create<NestFastifyApplication>(
    PlatformModule.register(settings as Settings, 'postgres://preview/none'),
    new FastifyAdapter(),
    { preview: true, logger: false, abortOnError: false },
  );
}

/** The very document that the platform serves. */
async function openApiOf(app: NestFastifyApplication): Promise<object> {
  describeApi(app);
  const answer = await app.getHttpAdapter().getInstance().inject({ url: '/openapi.json' });
  if (answer.statusCode !== 200) throw new Error(`/openapi.json answers ${answer.statusCode}: ${answer.body}`);
  return answer.json<object>();
}

const contextOf = (name: string): string => name.split('.')[0] as string;

type Class = { name: string; prototype: unknown };
const exportsOf = (context: string): Class[] =>
  Object.values(CONTRACTS[context] as object).filter((value): value is Class => typeof value === 'function');
const isEvent = (value: Class): boolean => value.prototype instanceof ContractEvent && 'type' in value;
