import { proveBatch } from './prove.ts';

proveBatch('subqueries');
