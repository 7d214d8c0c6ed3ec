import { proveBatch } from './prove.ts';

proveBatch('calendar');
