import { proveBatch } from './prove.ts';

proveBatch('failing');
