import { proveBatch } from './prove.ts';

proveBatch('windows');
