import { proveBatch } from './prove.ts';

proveBatch('plain');
