// Which faults come in which order: drawn from the seed before anything starts.

const QUICK_SECONDS = 50;
/** One epoch: this many kills and this many other faults, taking turns. */
const KILLS = 56;
const OTHERS = 28;
const EPOCHS = 9;

/** Epochs of `{rounds: [fault], seconds}`: the rounds end with the list or, if given, with the time. */
export function scheduleOf(faults, random, { quick, rounds, minutes, only }) {
  if (only) {
    const chosen = faults.filter(({ name }) => only.includes(name));
    if (chosen.length === 0) return [];
    const draw = endless(chosen, random);
    return [{ rounds: take(draw, rounds ?? chosen.length), seconds: minutes && minutes * 60 }];
  }
  const usual = quick ? faults.filter(({ slow }) => !slow) : faults;
  const lasting = usual.filter(({ lasts }) => lasts);
  const kills = endless(
    usual.filter(({ kills: kill }) => kill),
    random,
  );
  const others = endless(
    usual.filter(({ kills: kill, lasts }) => !kill && !lasts),
    random,
  );
  if (quick) {
    const turns = take(inTurns(kills, others, 1), rounds ?? 200);
    return [
      {
        rounds: [...random.shuffled(lasting), ...turns],
        seconds: minutes === undefined ? QUICK_SECONDS : minutes * 60,
      },
    ];
  }
  const total = rounds ?? (minutes === undefined ? EPOCHS * (KILLS + OTHERS) : Infinity);
  const draw = inTurns(kills, others, KILLS / OTHERS);
  const epochs = [];
  for (let left = total, secondsLeft = minutes * 60 || Infinity; left > 0 && secondsLeft > 0;) {
    const share = Math.min(left, KILLS + OTHERS);
    const seconds = Number.isFinite(secondsLeft) ? Math.min(secondsLeft, 300) : undefined;
    epochs.push({ rounds: [...random.shuffled(lasting), ...take(draw, share)], seconds });
    left -= share;
    secondsLeft -= 300;
  }
  return epochs;
}

/** Every member in a drawn order, then again in another one. */
function* endless(list, random) {
  while (list.length > 0) yield* random.shuffled(list);
}

function* inTurns(kills, others, killsPerOther) {
  for (;;) {
    for (let nth = 0; nth < killsPerOther; nth += 1) yield kills.next().value;
    yield others.next().value;
  }
}

function take(source, count) {
  const taken = [];
  while (taken.length < count) taken.push(source.next().value);
  return taken;
}
