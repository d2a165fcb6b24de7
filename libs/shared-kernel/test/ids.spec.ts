import { idOf, isId, LANES, laneOf, lanesInTurn, SystemIds, uuidOf } from '@tradewind/shared-kernel';
import fc from 'fast-check';

describe('identifiers', () => {
  const ids = new SystemIds();

  it('follow the examples of the TypeID specification', () => {
    // https://github.com/jetify-com/typeid/blob/main/spec/valid.yml
    expect(idOf('prefix', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe('prefix_01h455vb4pex5vsknk084sn02q');
    expect(idOf('prefix', '00000000-0000-0000-0000-000000000000')).toBe('prefix_00000000000000000000000000');
    expect(idOf('prefix', 'ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe('prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz');
    expect(uuidOf('prefix_01h455vb4pex5vsknk084sn02q')).toBe('01890a5d-ac96-774b-bcce-b302099a8057');
  });

  it('are UUIDv7 that survive the way to the database and back', () => {
    const id = ids.next('ord');
    expect(uuidOf(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    fc.assert(fc.property(fc.uuid(), (uuid) => uuidOf(idOf('ord', uuid)) === uuid));
  });

  it('are unique and in the order of their making', () => {
    const made = Array.from({ length: 20_000 }, () => ids.next('ord'));
    expect(new Set(made).size).toBe(made.length);
    expect(made.toSorted()).toEqual(made);
  });

  it('are told apart from everything else', () => {
    const id = ids.next('ord');
    expect(isId('ord', id)).toBe(true);
    for (const other of [
      '',
      'ord_',
      `${id}0`,
      id.slice(0, -1),
      id.toUpperCase(),
      id.replace('ord', 'pay'),
      'ord_8zzzzzzzzzzzzzzzzzzzzzzzzz',
      'ord_01h455vb4pex5vsknk084sn02u',
      7,
      null,
    ]) {
      expect(isId('ord', other)).toBe(false);
    }
  });

  it('fall into the lane they were made for, and spread over all lanes otherwise', () => {
    for (let lane = 0; lane < LANES; lane++) expect(laneOf(ids.next('ord', lane))).toBe(lane);
    expect(new Set(Array.from({ length: 1000 }, () => laneOf(ids.next('ord')))).size).toBe(LANES);
    expect(new Set(Array.from({ length: 1000 }, (_, n) => laneOf(`SKU-${n}`))).size).toBe(LANES);
  });

  it('gathers batches in a lane before the next one takes its turn, and comes round to all of them', () => {
    const nextLane = lanesInTurn();
    const lanes = Array.from({ length: 600 }, () => nextLane());
    expect(new Set(lanes).size).toBe(LANES);
    const changes = lanes.filter((lane, batch) => batch > 0 && lane !== lanes[batch - 1]);
    expect(changes.length).toBeLessThan(lanes.length / 10);
  });
});
