import type { Callbacks } from './callbacks';
import type { Carriers } from './carriers';
import type { Faults } from './faults';
import type { Gateway } from './gateway';
import type { Ledger } from './ledger';
import type { Settings } from './settings';
import type { Timers } from './timers';

/** What the routes are built over. */
export interface Parts {
  settings: Settings;
  ledger: Ledger;
  faults: Faults;
  timers: Timers;
  callbacks: Callbacks;
  gateway: Gateway;
  carriers: Carriers;
}
