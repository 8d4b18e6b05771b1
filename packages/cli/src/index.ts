export { configJsonSchema } from './config';
