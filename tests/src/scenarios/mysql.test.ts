import { scenarios } from './all';

scenarios('mysql', ({ quick }) => quick === true);
