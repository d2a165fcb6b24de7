import { WAYBILL_MOVES, WAYBILL_RANK } from '@tradewind/logistics';
import { ORDER_MOVES } from '@tradewind/trading';
import { code, list, mermaid, paragraphs, table } from './markdown';

export function orderDiagram(): string {
  const states = Object.entries<Record<string, string>>(ORDER_MOVES);
  const led = new Set(states.flatMap(([, moves]) => Object.values(moves)));
  return mermaid(
    'stateDiagram-v2',
    ...states.filter(([state]) => !led.has(state)).map(([state]) => `  [*] --> ${state}`),
    ...states.flatMap(([from, moves]) => Object.entries(moves).map(([move, to]) => `  ${from} --> ${to} : ${move}`)),
    ...states.filter(([, moves]) => Object.keys(moves).length === 0).map(([state]) => `  ${state} --> [*]`),
  );
}

export function orderStates(): string {
  return paragraphs(
    '# States of an order',
    orderDiagram(),
    table(
      ['from', 'event', 'to'],
      Object.entries<Record<string, string>>(ORDER_MOVES).flatMap(([from, moves]) =>
        Object.entries(moves).map(([move, to]) => [from, move, to]),
      ),
    ),
    'Anything else is refused with `illegal-transition`. A repeat of the move that led to a state is accepted there and changes nothing.',
  );
}

type Status = keyof typeof WAYBILL_MOVES;
const STATUSES = (Object.keys(WAYBILL_MOVES) as Status[]).toSorted((a, b) => WAYBILL_RANK[a] - WAYBILL_RANK[b]);
const isEntered = (status: Status): boolean => STATUSES.some((from) => WAYBILL_MOVES[from].includes(status));

/** Statuses that the same ones may follow. Carriers skip and repeat steps, so nearly all of them are alike. */
interface Alike {
  members: Status[];
  next: readonly Status[];
}

function alikeStatuses(): Alike[] {
  const groups = new Map<string, Alike>();
  for (const status of STATUSES) {
    const next = WAYBILL_MOVES[status].toSorted((a, b) => WAYBILL_RANK[a] - WAYBILL_RANK[b]);
    const key = next.join();
    groups.set(key, { next, members: [...(groups.get(key)?.members ?? []), status] });
  }
  return [...groups.values()].filter(({ next }) => next.length > 0);
}

export function waybillDiagram(): string {
  const boxes = alikeStatuses().map((alike, index) => ({
    ...alike,
    name: alike.members.length > 1 ? `box${index}` : (alike.members[0] as Status),
    first: alike.members.filter((status) => !isEntered(status)),
  }));
  return mermaid(
    'stateDiagram-v2',
    ...boxes
      .filter(({ members }) => members.length > 1)
      .flatMap(({ name, members, first }) => [
        `  state "${['may follow each other', ...first.map((status) => `nothing goes back to ${status}`)].join(', ')}" as ${name} {`,
        ...members.map((status) => `    ${status}`),
        '  }',
      ]),
    ...boxes.flatMap(({ first }) => first.map((status) => `  [*] --> ${status}`)),
    ...boxes.flatMap(({ name, members, next }) =>
      next.filter((status) => !members.includes(status)).map((status) => `  ${name} --> ${status}`),
    ),
  );
}

export function waybillStates(): string {
  const final = STATUSES.filter((status) => WAYBILL_MOVES[status].length === 0 && isEntered(status));
  const ofScansOnly = STATUSES.filter((status) => WAYBILL_MOVES[status].length === 0 && !isEntered(status));
  const codes = (statuses: readonly Status[]) => list(statuses.map(code), ', ');
  return paragraphs(
    '# Statuses of a waybill',
    'A status is never set: it is folded from all scans known. Which milestone may follow which:',
    waybillDiagram(),
    table(
      ['status', 'may be followed by'],
      alikeStatuses().map(({ members, next }) => [codes(members), codes(next)]),
    ),
    [
      `- Final: ${codes(final)}.`,
      `- Of scans, never of a waybill: ${codes(ofScansOnly)}.`,
      `- Scans of the same time are taken in this order: ${codes(STATUSES)}.`,
    ].join('\n'),
  );
}
