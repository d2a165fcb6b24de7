import { code, list, mermaid, paragraphs, table, titled } from './markdown';
import type { EventEntry, Model } from './model';

/** Who tells whom what. */
export function contextMap({ contexts, events, queries, subscriptions }: Model): string {
  const edges = contexts.flatMap((from) =>
    contexts
      .filter((to) => to !== from)
      .map((to) => ({
        from,
        to,
        told: events
          .filter((event) => event.context === from && event.subscriptions.some(({ context }) => context === to))
          .map((event) => shortName(event.type)),
        asked: queries.filter((query) => query.context === to && query.askedBy.includes(from)),
      })),
  );
  return paragraphs(
    '# Context map',
    'Solid arrows are events of the event log, named without context and version; dotted ones are questions asked over the query bus.',
    mermaid(
      'flowchart LR',
      ...contexts.map((context) => `  ${context}["${titled(context)}"]`),
      ...edges
        .filter(({ told }) => told.length > 0)
        .map(({ from, to, told }) => `  ${from} -->|"${told.join('<br/>')}"| ${to}`),
      ...edges
        .filter(({ asked }) => asked.length > 0)
        .map(
          ({ from, to, asked }) => `  ${from} -.->|"${asked.map(({ className }) => className).join('<br/>')}"| ${to}`,
        ),
    ),
    '## Events',
    table(
      ['event', 'publisher', 'subscriptions'],
      events.map((event) => [
        code(event.type),
        titled(event.context),
        list(event.subscriptions.map(({ name }) => code(name))),
      ]),
    ),
    '## Subscriptions',
    table(
      ['subscription', 'context', 'what it does'],
      subscriptions.map(({ name, context, about }) => [code(name), titled(context), about]),
    ),
    '## Questions',
    table(
      ['question', 'answered by', 'asked by', 'about'],
      queries.map(({ className, context, askedBy, about }) => [
        code(className),
        titled(context),
        list(askedBy.map(titled)),
        about,
      ]),
    ),
  );
}

/** Every event with what it carries. */
export function eventCatalogue({ contexts, events }: Model): string {
  return paragraphs(
    '# Events',
    'Names are stable: a new shape is a new version beside the old one. Every event also has the members of `EventMeta`: its id, the version of its aggregate, its time, its correlation and causation, and who acted.',
    ...contexts.flatMap((context) => [
      `## ${titled(context)}`,
      ...events.filter((event) => event.context === context).flatMap(eventSection),
    ]),
  );
}

function eventSection(event: EventEntry): string[] {
  return [
    `### ${event.type}`,
    event.about,
    [
      `- class ${code(event.className)}, raised in ${list(event.raisedIn.map(code), ', ')}`,
      `- aggregate ${code(event.aggregateKey)}, business process ${code(event.correlationKey)}`,
      `- heard by ${list(
        event.subscriptions.map(({ name }) => code(name)),
        ', ',
      )}`,
    ].join('\n'),
    table(
      ['field', 'type', 'about'],
      event.fields.map(({ name, type, about }) => [code(name), code(type), about]),
    ),
  ];
}

/** One context's events in and out, for its README. */
export function eventsInAndOut({ events, subscriptions }: Model, context: string): string {
  const heard = subscriptions.filter((subscription) => subscription.context === context);
  return paragraphs(
    table(
      ['in', 'subscription', 'what it does'],
      heard.map(({ name, events: types, about }) => [list(types.map(code)), code(name), about]),
    ),
    table(
      ['out', 'when', 'who listens'],
      events
        .filter((event) => event.context === context)
        .map(({ type, about, subscriptions: listeners }) => [
          code(type),
          about,
          list(listeners.map(({ name }) => code(name))),
        ]),
    ),
  ).trim();
}

const shortName = (type: string): string => type.split('.')[1] ?? type;
