import { scenarios } from './all';

scenarios('all failures', () => true);
