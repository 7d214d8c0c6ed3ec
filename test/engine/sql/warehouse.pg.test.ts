import { proveBatch } from './prove.ts';

proveBatch('warehouse');
