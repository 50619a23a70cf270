-- A look-up and a share lock per row and side was a third of the cost of a booking. That both accounts exist is checked
-- once per batch instead, where their balances are changed in the same transaction: see post() in ledger.ts.
alter table ledger drop constraint ledger_debit_account_fkey, drop constraint ledger_credit_account_fkey;
