import { proveBatch } from './prove.ts';

proveBatch('corners');
