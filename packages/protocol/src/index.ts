export * from './bytes';
export * from './constants';
export * from './errors';
export * from './handshake';
export * from './packet';
export * from './replies';
export * from './trackers';
