// What an application imports.
import { Adam, Dense, Dropout, engineInfo, Rescaling, Sequential } from 'descend';
import { report, train } from './train.mjs';

report(train({ Adam, Dense, Dropout, engineInfo, Rescaling, Sequential }));
