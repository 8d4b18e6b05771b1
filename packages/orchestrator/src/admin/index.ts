export { DURATION_PATTERN, formatDuration, parseDuration } from './duration';
export type { AdminLog } from './log';
export { AdminServer, type AdminServerOptions } from './server';
