import { proveBatch } from './prove.ts';

proveBatch('latest rows');
