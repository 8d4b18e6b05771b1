export { configJsonSchema } from './config';
export { main } from './main';
