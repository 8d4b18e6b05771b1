import { scenarios } from './all';

scenarios('failures', ({ quick }) => quick === true);
