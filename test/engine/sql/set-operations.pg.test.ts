import { proveBatch } from './prove.ts';

proveBatch('set operations');
