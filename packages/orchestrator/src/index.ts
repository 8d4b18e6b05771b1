export * from './data-plane';
export * from './options';
export * from './report';
export * from './admin';
