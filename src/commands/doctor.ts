import type { Command } from './io.ts';
export const doctor: Command = () => Promise.reject(new Error('being written'));
