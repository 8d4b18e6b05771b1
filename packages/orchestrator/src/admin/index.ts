export { DURATION_PATTERN, formatDuration, parseDuration } from './duration';
export { AdminServer, type AdminServerOptions } from './server';
