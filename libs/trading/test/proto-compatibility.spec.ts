import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tradingGrpc } from '../src/adapters/grpc/services';
import { definitionsOf, incompatibilities } from './proto-compatibility';

const RELEASED = path.join(__dirname, 'released/api/v1/user.proto');

describe('the contract over gRPC', () => {
  it('is one that clients of the released contract understand', () => {
    expect(incompatibilities(definitionsOf(RELEASED), definitionsOf(tradingGrpc.protoPath))).toEqual([]);
  });

  it('names the services that it serves', () => {
    const services = Object.entries(definitionsOf(tradingGrpc.protoPath)).flatMap(([name, definition]) =>
      'format' in definition ? [] : [name],
    );
    expect(services).toEqual(tradingGrpc.services);
  });
});

describe('the check of compatibility', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tradewind-proto-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;
  const definitions = (body: string) => {
    const file = path.join(folder, `${++files}.proto`);
    writeFileSync(file, `syntax = "proto3";\npackage shop.v1;\n${body}`);
    return definitionsOf(file);
  };

  const BEFORE = `
    service Shop { rpc Find(Question) returns (Answer); rpc Follow(Question) returns (stream Answer); }
    enum Colour { NONE = 0; RED = 1; }
    message Question { string id = 1; repeated int64 numbers = 2; }
    message Answer { Question question = 1; Colour colour = 2; oneof end { string won = 3; string lost = 4; } }`;
  const found = (from: string, to: string) => {
    expect(BEFORE).toContain(from);
    return incompatibilities(definitions(BEFORE), definitions(BEFORE.replace(from, to)));
  };

  it.each<[string, string, string]>([
    ['a new field', 'string id = 1;', 'string id = 1; string name = 3;'],
    ['a new method', 'rpc Find(', 'rpc Count(Question) returns (Answer); rpc Find('],
    ['a new message', 'message Answer', 'message Extra { int32 n = 1; } message Answer'],
    ['a new value', 'RED = 1;', 'RED = 1; BLUE = 2;'],
    ['another order', 'NONE = 0; RED = 1;', 'NONE = 0;\nRED = 1; /* as before */'],
  ])('takes %s', (_what, from, to) => {
    expect(found(from, to)).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    ['a removed field', 'string id = 1; ', '', 'shop.v1.Question.id is gone'],
    ['a reserved field', 'string id = 1; ', 'reserved 1; ', 'shop.v1.Question.id is gone'],
    ['a renamed field', 'string id', 'string key', 'shop.v1.Question.id is gone'],
    ['a renumbered field', 'id = 1', 'id = 3', 'shop.v1.Question.id was '],
    ['a retyped field', 'string id', 'bytes id', 'shop.v1.Question.id was '],
    ['a field that is single now', 'repeated int64', 'int64', 'shop.v1.Question.numbers was '],
    ['a field of another message', 'Question question', 'Answer question', 'shop.v1.Answer.question was '],
    ['a removed value', 'RED = 1;', '', 'shop.v1.Colour.RED is gone'],
    ['a renumbered value', 'RED = 1', 'RED = 2', 'shop.v1.Colour.RED was '],
    ['a removed method', 'rpc Find(Question) returns (Answer);', '', 'shop.v1.Shop.Find is gone'],
    [
      'a method with another answer',
      'Find(Question) returns (Answer)',
      'Find(Question) returns (Question)',
      'shop.v1.Shop.Find was ',
    ],
    ['a method that streams no more', 'returns (stream Answer)', 'returns (Answer)', 'shop.v1.Shop.Follow was '],
    ['a removed service', 'service Shop', 'service Store', 'shop.v1.Shop is gone'],
  ])('reports %s', (_what, from, to, report) => {
    expect(found(from, to)).toEqual([expect.stringContaining(report)]);
  });
});
