import { scenarios } from './all';

scenarios('mariadb', ({ quick }) => quick === true);
