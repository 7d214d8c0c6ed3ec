import { proveBatch } from './prove.ts';

proveBatch('hits');
