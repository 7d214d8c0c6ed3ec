import { proveBatch } from './prove.ts';

proveBatch('outer joins');
