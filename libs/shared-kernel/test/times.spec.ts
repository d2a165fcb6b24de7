import { validateSync } from 'class-validator';
import { isTimeText } from '../src/http/page';
import { IsTime } from '../src/http/validation';

class Query {
  @IsTime()
  from: unknown;
}
const isTaken = (from: unknown) => validateSync(Object.assign(new Query(), { from })).length === 0;

describe('a time', () => {
  it.each(['2026-01-01T00:00:00Z', '2026-01-31T08:00:00.123456+08:00', '2028-02-29T23:59:59Z'])(
    '%s is taken',
    (text) => {
      expect(isTaken(text)).toBe(true);
    },
  );

  it.each([
    '2026-01-01T23:59:60Z',
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00',
    '2026-01-01',
    '0000-01-01T00:00:00Z',
    '+010000-01-01T00:00:00Z',
    '',
    7,
    null,
  ])('%s is refused', (value) => {
    expect(isTaken(value)).toBe(false);
  });

  it('inside a cursor is exactly as it was given out', () => {
    expect(isTimeText('2026-01-01T00:00:00.000Z')).toBe(true);
    for (const text of ['2026-01-01T00:00:00Z', '2026-02-30T00:00:00.000Z', '+010000-01-01T00:00:00.000Z', 'now', '']) {
      expect(isTimeText(text)).toBe(false);
    }
  });
});
