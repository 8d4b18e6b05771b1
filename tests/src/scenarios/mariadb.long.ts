import { scenarios } from './all';

scenarios('mariadb', () => true);
