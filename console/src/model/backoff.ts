/** Seconds to wait before the next attempt to connect: 0.5, 1, 2, 4, 8, 8 ... */
export const backoffS = (failures: number): number => Math.min(8, 0.5 * 2 ** Math.max(0, failures - 1));
