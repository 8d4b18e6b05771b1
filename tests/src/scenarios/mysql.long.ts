import { scenarios } from './all';

scenarios('mysql', () => true);
