import { proveBatch } from './prove.ts';

proveBatch('star');
