export { dropEvents, type DropReport } from './messaging/drop-events';
export { EventLog, type LoggedEvent } from './messaging/event-log';
export { contextOf } from './messaging/lane-delivery';
export { MessagingModule, messagingPersistence } from './messaging/messaging.module';
export { MessagingOptions } from './messaging/messaging-options';
export { type ParkedEvent, ParkedEvents } from './messaging/parked-events';
export { ProcessStanding, type Undelivered } from './messaging/process-standing';
export { type DurableSubscription, Subscription, Subscriptions } from './messaging/subscription';
export { type Worker, Workers } from './messaging/workers';
