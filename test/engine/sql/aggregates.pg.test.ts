import { proveBatch } from './prove.ts';

proveBatch('aggregates');
