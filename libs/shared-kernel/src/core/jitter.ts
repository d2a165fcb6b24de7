/** Spreads waits over their second half, so that what failed together does not return together. Milliseconds, rounded. */
export const withJitter = (milliseconds: number): number => Math.round(milliseconds * (0.5 + Math.random() / 2));
